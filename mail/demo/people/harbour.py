"""The second firm of the demo. It shares one address with the first, and nothing else."""

from mail.demo.people.shapes import Account, Colleague, Contact, Firm, Kind, Language
from mail.demo.users import HARBOUR as HARBOUR_MAILBOX
from models.viewer import TeamRole

EN = Language.ENGLISH

HARBOUR = Firm(
    slug="harbour",
    name="Harbour Tax Law",
    language=EN,
    mailbox=HARBOUR_MAILBOX.address,
    colleagues=(
        Colleague("Ellen Whitlock", "owner@harbour.test", TeamRole.OWNER, manage_accounts=True),
        Colleague("Samuel Okafor", "samuel.okafor@harbour.test"),
    ),
    contacts=(
        Contact("Philip Crane", EN, "p.crane@cranelaw.example"),
        Contact("Moira Callaghan", EN, "moira@callaghanfisheries.example", "quay@callaghanfisheries.example"),
        Contact("Declan Callaghan", EN, "declan@callaghanfisheries.example"),
        Contact("Ingrid Sørensen", EN, "ingrid@sorensenferries.example", "legal@sorensenferries.example"),
        Contact("Bernard Tighe", EN, "bernard.tighe@mailbox.example"),
        Contact("Amara Nwosu", EN, "amara@nwosulogistics.example"),
        Contact("Frances Tighe", EN, "frances.tighe@mailbox.example", spouse="bernard.tighe@mailbox.example"),
    ),
    accounts=(
        Account("CAL", "Callaghan Fisheries Ltd", Kind.COMPANY, {"Moira Callaghan": "LNE N", "Declan Callaghan": "LN"}),
        Account("SOR", "Sørensen Ferries A/S", Kind.COMPANY, {"Ingrid Sørensen": "LN E", "Philip Crane": "LNE"}),
        Account("TIG", "Bernard & Frances Tighe", Kind.INDIVIDUAL, {"Bernard Tighe": "N", "Frances Tighe": "LN N"}),
        Account("NWO", "Nwosu Logistics", Kind.COMPANY, {"Amara Nwosu": "-"}),
        Account("CRA", "Philip Crane", Kind.INDIVIDUAL, {"Philip Crane": "LN"}),
        Account("LIF", "Harbour Lifeboat Fund", Kind.OTHER, {"Moira Callaghan": "NE -", "Frances Tighe": "- -"}),
    ),
    activated=frozenset({"moira@callaghanfisheries.example", "p.crane@cranelaw.example"}),
)
