"""The SQL of an export: a section of the file by name, and what reads it, a page at a time.

Every column is named here. A new one is not exported before somebody has decided so, because it may be a secret.
`tests/core/test_account_export.py` holds the list of tables and columns that are left out.
"""

from typing import LiteralString

from core_service.account_data.export_message_queries import MESSAGES
from core_service.account_data.export_people_queries import PEOPLE
from core_service.account_data.export_reading_queries import Read
from core_service.account_data.export_record_queries import RECORDS

SECTIONS: dict[str, tuple[Read, ...]] = PEOPLE | MESSAGES | RECORDS
"""In the order of the file."""

ACCOUNT: LiteralString = """
SELECT json_build_object(
    'id', id, 'name', name, 'rate_limit_per_minute', rate_limit_per_minute,
    'max_live_activities', max_live_activities, 'require_second_factor', require_second_factor,
    'created_at', created_at
)::text
FROM accounts WHERE id = %s
"""
