"""The examples that GraphiQL opens with, each ready to run."""

from dataclasses import dataclass

from graph.pages.graphiql import Tab


@dataclass(frozen=True, slots=True)
class Example:
    """Where Email sync can be tried: ids of an account and an address on it."""

    account_id: str = "<id of an account>"
    address_id: str = "<id of an address>"


def tabs(email: str, password: str, example: Example) -> list[Tab]:
    """In the order a newcomer walks through them."""
    return [
        Tab("SignIn", SIGN_IN.replace("$EMAIL", email).replace("$PASSWORD", password)),
        Tab("Accounts", ACCOUNTS),
        Tab("SwitchEmailSyncOn", SWITCH, _variables(example)),
        Tab("PastMail", PAST_MAIL, f'{{ "id": "{example.account_id}" }}'),
        Tab("NewMailLive", EMAILS_LIVE),
        Tab("AnswerEmail", ANSWER, ANSWER_VARIABLES),
        Tab("InboxLive", INBOX_LIVE),
        Tab("Mailboxes", MAILBOXES),
        Tab("MailboxesLive", MAILBOXES_LIVE),
        Tab("Journal", JOURNAL),
    ]


def _variables(example: Example) -> str:
    return f"""{{
  "input": {{
    "toggles": [
      {{ "accountId": "{example.account_id}", "addressId": "{example.address_id}", "emailSync": true }}
    ]
  }}
}}"""


SIGN_IN = """\
# The answer sets a cookie: the other tabs are signed in then.
mutation SignIn {
  signIn(input: { email: "$EMAIL", password: "$PASSWORD" }) {
    viewer { ... on TeamMember { name role } }
    errors { code message }
  }
}
"""
ACCOUNTS = """\
# Green for ACTIVE and PENDING, beige for OFFLINE. Try filter: { search: "ros" }, or { loginStatuses: [PENDING] }.
query Accounts {
  accounts(first: 50, orderBy: NAME_ASC) {
    totalCount
    feedCursor
    nodes {
      id code name kind
      loginStatus loginIndicator notify emailSync
      toggles { address { id address } login notify emailSync loginState }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
SWITCH = """\
mutation SwitchEmailSyncOn($input: SetTogglesInput!) {
  setToggles(input: $input) {
    cursor
    errors { code message path }
    toggles { address { address } login notify emailSync version account { name emailSync } }
  }
}
"""
PAST_MAIL = """\
# A moment after Email sync went on, the history of that address is here.
query PastMail($id: ID!) {
  node(id: $id) {
    ... on Account {
      name
      emails(first: 20) {
        totalCount
        nodes {
          id sentAt direction letterState from { name address } certifiedBy subject snippet attachments { name url }
        }
      }
    }
  }
}
"""
EMAILS_LIVE = """\
# Leave it running, and send a message from a client's address (see the README).
subscription NewMailLive($after: Cursor) {
  emailArrived(after: $after) {
    __typename
    ... on FeedEvent { cursor }
    ... on EmailArrived { occurredAt email { id from { name address } subject snippet letterState accounts { name } } }
    ... on EmailHistoryArrived { count accounts { name } }
  }
}
"""
ANSWER = """\
# QUEUED at once, then SENT: NewMailLive tells each step. A new key for each e-mail; the same one sends nothing twice.
mutation AnswerEmail($input: ReplyToEmailInput!) {
  replyToEmail(input: $input) {
    cursor
    errors { code message path }
    email { id letterState from { name address } to { address } cc { address } subject text attachments { name } }
  }
}
"""
ANSWER_VARIABLES = """{
  "input": {
    "emailId": "<id of an e-mail>",
    "recipients": "ALL",
    "text": "Thank you, it is here.",
    "attachments": [],
    "idempotencyKey": "my first answer"
  }
}"""
INBOX_LIVE = """\
subscription InboxLive($after: Cursor) {
  inboxNotifications(after: $after) {
    __typename
    ... on FeedEvent { cursor }
    ... on NotificationsChanged { unreadCount notifications { id kind text count read occurredAt } }
  }
}
"""
MAILBOXES_LIVE = """\
# Leave it running, and switch Email sync on: the backfill grows.
# docs/mailboxes.md has more to try.
subscription MailboxesLive {
  mailboxHealth {
    id address
    health {
      id state lastSyncAt lagSeconds
      backfill { done total }
      error { message path }
      folders { name synced why onServer stored pending skipped quarantined }
    }
  }
}
"""
MAILBOXES = """\
query Mailboxes {
  mailboxes {
    id address
    health {
      id state lastSyncAt lagSeconds
      backfill { done total }
      error { code message path }
      onServer stored pending quarantined skipped { reason count }
      folders { name synced why onServer stored pending skipped quarantined }
    }
  }
}
"""
JOURNAL = """\
query Journal {
  journal(first: 20) {
    nodes {
      kind occurredAt
      actor { ... on TeamMember { name } }
      account { name }
      changes { field from to }
    }
  }
}
"""
