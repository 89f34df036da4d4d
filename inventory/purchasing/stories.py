"""Why a reorder rule is as it is, in one sentence."""

from django.utils.translation import gettext as _

from inventory.models import ReorderRule


def story_of(rule: ReorderRule) -> str:
    """Explain a rule in one sentence."""
    facts = {
        "point": rule.point,
        "target": rule.target,
        "safety": rule.safety,
        "sold": f"{rule.demand_per_day or 0:.1f}",
        "spread": f"{rule.demand_deviation or 0:.1f}",
        "lead": f"{rule.lead_days or 0:.1f}",
        "lead_spread": f"{rule.lead_deviation or 0:.1f}",
        "meanwhile": round((rule.demand_per_day or 0) * (rule.lead_days or 0)),
        "level": f"{rule.service_level * 100:.1f}".rstrip("0").rstrip("."),
        "cover": rule.cover_days,
    }
    if not rule.is_learned:
        return _("Set by hand: at %(point)d or fewer, buy up to %(target)d; %(safety)d are kept for safety.") % facts
    if rule.learned_at is None:
        return _("Not learned yet: until then at %(point)d or fewer, buy up to %(target)d.") % facts
    if not rule.demand_per_day:
        return _("Nothing was sold lately, so there is nothing to learn from: at %(point)d or fewer, buy up to %(target)d, as it was set.") % facts
    return (
        _(
            "Sells %(sold)s a day (±%(spread)s) and takes %(lead)s days to come (±%(lead_spread)s): %(meanwhile)d are sold meanwhile and %(safety)d"
            " are kept so that %(level)s %% of the time nothing runs out; what is bought lasts %(cover)d days more."
        )
        % facts
    )
