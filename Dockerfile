# The image of web, worker, beat and migrate. Built in stages, run as nobody in particular.
FROM node:24-slim AS front
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM python:3.13-slim AS wheels
WORKDIR /app
COPY requirements.txt ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home throughline
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=oms.settings
WORKDIR /app
COPY --from=wheels /venv /venv
COPY . .
COPY --from=front /app/node_modules ./node_modules
RUN SECRET_KEY=only-to-collect python manage.py collectstatic --noinput -v 0 && rm -rf node_modules
USER throughline
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["gunicorn", "oms.wsgi", "-c", "python:oms.gunicorn", "-b", "0.0.0.0:8000"]
