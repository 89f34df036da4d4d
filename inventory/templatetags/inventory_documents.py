"""Filters for purchase orders on paper."""

from django import template

from oms.core.bidi import isolated

register = template.Library()
register.filter(isolated)
