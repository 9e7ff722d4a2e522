"""The SQL that finds things by their tags. Letter case does not matter."""

_ASKED = "SELECT lower(one) FROM unnest(%(tags)s::text[]) one"


def has_tags(column: str) -> str:
    """The condition that a column of tags has all tags that are asked for, or with `tag_mode` `any` one of them. It is
    true if none are asked for."""
    return f"""(%(tags)s::text[] IS NULL OR CASE %(tag_mode)s::text
          WHEN 'any' THEN EXISTS (SELECT FROM unnest({column}) one WHERE lower(one) IN ({_ASKED}))
          ELSE NOT EXISTS ({_ASKED} EXCEPT SELECT lower(one) FROM unnest({column}) one) END)"""
