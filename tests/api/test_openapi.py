import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client


def test_the_document_is_valid_and_the_one_that_is_committed():
    out = io.StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=out)

    assert out.getvalue().strip() == (Path(__file__).parent.parent.parent / "docs" / "openapi.yaml").read_text().strip()
    assert out.getvalue().startswith("openapi: 3.1")


@pytest.mark.django_db
def test_the_document_and_its_pages_are_served():
    assert Client().get("/api/v1/schema").status_code == 200
    assert b"swagger" in Client().get("/api/docs").content
