"""What Inbox+ says of an import that has ended, in whichever language."""

from models.client_import.reading import ClientImportView
from models.notification.import_words import ImportTold
from models.run import RunStatus


def told(view: ClientImportView) -> ImportTold:
    return ImportTold(
        rows=view.rows,
        done=view.rows_done,
        created=view.rows_created,
        matched=view.rows_matched,
        errors=view.rows_with_errors,
        accounts=view.accounts_created,
        contacts=view.contacts_created,
        invited=view.invited,
        stopped=view.status is RunStatus.CANCELLED,
        reason=view.reason,
    )
