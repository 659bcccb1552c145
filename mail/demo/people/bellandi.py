"""The main firm of the demo."""

from mail.demo.people.bellandi_accounts import ACCOUNTS
from mail.demo.people.bellandi_contacts import CONTACTS
from mail.demo.people.shapes import Colleague, Firm, Language
from mail.demo.users import STUDIO
from models.viewer import TeamRole

BELLANDI = Firm(
    slug="bellandi",
    name="Studio Bellandi & Marsh",
    language=Language.ENGLISH,
    mailbox=STUDIO.address,
    colleagues=(
        Colleague("Chiara Bellandi", "owner@demo.test", TeamRole.OWNER, manage_accounts=True),
        Colleague("Thomas Marsh", "thomas.marsh@demo.test", TeamRole.ADMIN, manage_accounts=True),
        Colleague("Giulia Fontana", "giulia.fontana@demo.test", TeamRole.EMPLOYEE, manage_accounts=True),
        Colleague("Davide Serra", "davide.serra@demo.test", TeamRole.EMPLOYEE),
    ),
    contacts=CONTACTS,
    accounts=ACCOUNTS,
    activated=frozenset(
        {
            "marta@vetreriavalsecchi.example",
            "p.riva@rivaimpianti.example",
            "ornella@trattoriaornella.example",
            "lucia.ferrante@studioferrante.example",
            "g.sala@salameccanica.example",
            "caterina.damico@posta.example",
            "famiglia.conti@posta.example",
            "andrea@zanettibici.example",
            "a.greco@grecoarchitetti.example",
            "ilaria@rinaldivini.example",
            "carla@lombarditrasporti.example",
            "noemi@ferrifilm.example",
            "dott.bassi@ambulatoriobassi.example",
            "wanda@pellegrinimarmi.example",
            "hannah@whitmoreinteriors.example",
            "james@aldridgeboats.example",
            "gareth@lantanatea.example",
            "daniel.okoro@mailbox.example",
            "peter@lindqvistpumps.example",
            "rachel@feldmantranslations.example",
            "claire@duboisceramics.example",
            "victor@almeidacoffee.example",
            "edward.finch@mailbox.example",
        }
    ),
)
