"""Words that look like a word somebody typed, among the words that a table keeps."""

from oms.core.reading import read

# A letter too many, too few, wrong, or two in the wrong order are at most two steps from what was meant.
_NEAR = """
    SELECT word, steps FROM (
        SELECT word, levenshtein_less_equal(word, %(word)s, 2) AS steps FROM {table}
        WHERE word LIKE %(first)s AND length(word) BETWEEN length(%(word)s) - 1 AND length(%(word)s) + 1
        UNION
        SELECT word, levenshtein_less_equal(word, %(word)s, 2) FROM {table} WHERE word %% %(word)s
    ) near WHERE steps <= 2 ORDER BY steps, word LIMIT %(most)s
"""


def words_like(word: str, *, table: str, most: int) -> list[tuple[str, int]]:
    """Give up to `most` words of `table`, a name of ours with a column `word`, that are at most two steps from `word`, each with its steps, the
    nearest first. One query.

    `word`: letters and digits alone, three at least. Served by the table's trigram index, and by its key where the first letter is right.
    """
    return read(_NEAR.format(table=table), {"word": word, "first": f"{word[0]}%", "most": most})  # type: ignore[return-value]
