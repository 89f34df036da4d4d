"""What customers are found by is kept by the database itself: whoever writes a name, a number, an e-mail or an address, it is found at once."""

import pgtrigger


def found_by(*columns: str, customer: str = "customer_id") -> list[pgtrigger.Trigger]:
    """Keep the search keys of the customer whose row it is: when it comes, when any of `columns` changes, and when it goes.

    The work is done by the function customers_keep_keys (migration 0003), which takes customers and makes their keys anew: once for all rows that
    come in one statement, as from a file.
    """
    return [
        pgtrigger.Trigger(
            name="keys_of_new",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
            referencing=pgtrigger.Referencing(new="came"),
            func=f"PERFORM customers_keep_keys(ARRAY(SELECT DISTINCT {customer} FROM came)); RETURN NULL;",
        ),
        pgtrigger.Trigger(
            name="keys_of_changed",
            when=pgtrigger.After,
            operation=pgtrigger.Update,
            condition=pgtrigger.AnyChange(*columns),
            func=f"PERFORM customers_keep_keys(ARRAY[OLD.{customer}, NEW.{customer}]); RETURN NULL;",
        ),
        *(
            [
                pgtrigger.Trigger(
                    name="keys_of_gone",
                    when=pgtrigger.After,
                    operation=pgtrigger.Delete,
                    func=f"PERFORM customers_keep_keys(ARRAY[OLD.{customer}]); RETURN NULL;",
                )
            ]
            if customer != "id"
            else []
        ),
    ]
