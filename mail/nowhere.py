"""
Whether a mail server says that an address leads nowhere: by its enhanced code (RFC 3463), or by its words (R17). Pure.

Used of answers to our own letters as they leave, and of reports on those that came back.
"""

import re
import unicodedata

NO_SUCH_MAILBOX = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
"""RFC 3463, 3.2, and RFC 7505: it leads nowhere. The other 5.1.x are about the sender, or say too little."""

GENERAL = frozenset({"", "5.0.0", "5.1.0", "5.2.0", "5.2.1", "5.3.0", "5.5.0", "5.1.351"})
"""Codes that say little more than no: then the words decide. 5.1.351 is Exchange's for what the next server said."""

NOBODY = {
    "en": (
        r"\b(unknown|no such|invalid|bad|non-?existent) (local )?(user|recipient|mailbox|address|account"
        r"|person|e-?mail)",
        r"\b(unknown|invalid) (local[- ]part|destination|user address|e-?mail address)",
        r"\b(user|recipient|mailbox|address|addressee|account|local[- ]part)(\(s\))? (is |was )?(unknown"
        r"|not (found|known))",
        r"\b(user|recipient|mailbox|address|account|person)[^.;]{0,40}(does not|doesn'?t|do not|don't|not) exist",
        r"\b(user|recipient|mailbox|address|account)[^.;]{0,60}(could not|couldn'?t|cannot|can't) be found",
        r"\b(user|recipient|mailbox|address|account)[^.;]{0,60}no longer (exists|valid|in use)",
        r"\b(user|mailbox|account|address) (has been|was|is) deleted",
        r"\bno (such )?(user|mailbox|account|recipient)( \S+)? (here|by that name|found|with that)",
        r"\bnot a (valid|known) (user|recipient|mailbox|address|account)",
        r"\b(doesn'?t|does not) have an? \S* ?account",
        r"\bnot (found|listed) in (the )?(\w+ )?directory",
        r"\brecip(ient)?notfound\b|\brecipient not exist|\bnot our customer\b",
    ),
    "it": (
        r"\b(utente|destinatario|casella|indirizzo)[^.;]{0,40}(sconosciut|inesistente|inesistenti|non valid"
        r"|non trovat)",
        r"\b(utente|destinatario|casella|indirizzo)[^.;]{0,40}non (esiste|risulta|(e'|è) (valid|presente|stat"
        r"[oa] trovat))",
    ),
    "de": (
        r"\b(unbekannter?|ungültiger?|kein solcher?) (benutzer|empfänger|postfach|adresse|e-?mail-adresse|teilnehmer)",
        r"\b(benutzer|empfänger|postfach|adresse|konto|mailbox)\w*[^.;]{0,60}(unbekannt|existiert nicht"
        r"|nicht gefunden)",
    ),
    "fr": (
        r"\b(utilisateur|destinataire|adresse|compte|boîte)[^.;]{0,40}(inconnue?|inexistante?|introuvable"
        r"|n'existe pas)",
    ),
    "es": (
        r"\b(usuario|destinatario|dirección|direccion|cuenta|buzón|buzon)[^.;]{0,40}"
        r"(desconocid|inexistente|no existe|no encontrad|no se (ha )?(encontró|encontrado|encontro))",
    ),
    "pt": (
        r"\b(usuário|usuario|utilizador|destinatário|destinatario|endereço|endereco|conta|caixa)[^.;]{0,40}"
        r"(desconhecid|inexistente|não existe|nao existe|não encontrad|nao encontrad)",
    ),
    "nl": (r"\b(gebruiker|ontvanger|adres|postvak|mailbox)[^.;]{0,40}(onbekend|bestaat niet|niet gevonden)",),
    "pl": (r"\b(użytkownik|odbiorca|adres|skrzynka|konto)[^.;]{0,40}(nieznan|nie istnieje|nie znalezion)",),
    "sv": (r"\b(användaren|mottagaren|adressen|kontot)[^.;]{0,40}(okänd|finns inte|hittades inte|hittas inte)",),
    "tr": (r"\b(kullanıcı|alıcı|adres|hesap)[^.;]{0,40}(bilinmiyor|bulunamadı|mevcut değil)",),
    "ru": (r"(пользовател|получател|адрес|ящик)\w*[^.;]{0,40}(неизвест|не существу|не найден|нет такого)",),
    "ja": (
        r"(ユーザー?|アドレス|宛先|受信者|メールボックス)[^。]{0,60}(見つかりません|存在しません|不明です)",
        r"ディレクトリ[^。]{0,20}(見つかりません|ありません|存在しません)",
    ),
    "zh": (r"(用户|用戶|收件人|邮箱|郵箱|地址)[^。]{0,20}(不存在|未找到|找不到|無效|无效)",),
}
"""By language, what says so where the code is a general one. Tried on lower-case words without addresses and links."""

SOMETHING_ELSE = (
    r"\b(over|exceed\w*) ?-?(the )?(disk |storage |mailbox )?(quota|storage|size)|\bquota\b|\b(mail)?box (is )?full\b",
    r"\bfull mailbox\b|\binsufficient (system )?(storage|space)|\bcasella (di posta )?piena\b|\bpostfach (ist )?voll\b",
    r"\bboîte pleine\b|\bbuzón lleno\b|\btoo (many|large|big|much|fast)\b|\b(rate|size) limit",
    r"\btemporar|\btry(ing)? (it )?again later\b|\bgr[ea]ylist",
    r"\bspam|\bblock(ed|ing|list)?\b|\bblack ?-?list|\bblock ?-?list|\brbl\b|\bbanned\b|\breputation\b|\bvirus",
    r"\bpolicy\b|\bdmarc\b|\bspf\b|\bdkim\b|\baccess denied\b|\bnot (authorized|authenticated|allowed|permitted)\b",
    r"\bunauthenticated\b|\bpermission|\bauth\w* required\b",
    r"\b(sender|from address|return address|envelope from|mail from)\b[^.;]{0,40}(reject|denied|invalid"
    r"|unknown|exist|verif)",
    r"\b(unknown|invalid|unverified) (sender|domain of sender)|\bsender'?s? (address|domain)\b|\breverse dns\b",
    r"\brelay(ing)? (access )?(denied|not permitted)|\bunable to relay\b",
)
"""What is no such thing, whatever the code: a full mailbox, a rate, a policy, the sender. It is told, and no more."""

_NOT_SAID_BY_THE_SERVER = re.compile(
    r"https?:\S*|remote server returned unknown recipient or mailbox unavailable|[^\s<>\"'(]{0,100}@[^\s<>\"')]{0,300}"
)
_CODE = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?!\.?\d)")
_NOBODY = re.compile("|".join(pattern for patterns in NOBODY.values() for pattern in patterns))
_SOMETHING_ELSE = re.compile("|".join(SOMETHING_ELSE))
_MOST = 4_000  # characters


def leads_nowhere(status: str, diagnostic: str) -> bool:
    """
    `status`: the enhanced code, or empty; `diagnostic`: what the server said. Where the two disagree, it is not sure
    enough to write to somebody no more.
    """
    stated = {status, *codes(diagnostic)} - GENERAL
    if stated - NO_SUCH_MAILBOX:
        return False
    words = _words(diagnostic)
    nobody, something_else = bool(_NOBODY.search(words)), bool(_SOMETHING_ELSE.search(words))
    return (nobody or not something_else) if stated else (nobody and not something_else)


def codes(text: str) -> list[str]:
    """Every enhanced code of a failure in it, in order; no parts of IP addresses."""
    return _CODE.findall(text[:_MOST])


def _words(diagnostic: str) -> str:
    text = unicodedata.normalize("NFC", diagnostic[:_MOST]).lower().replace("’", "'")
    return " ".join(_NOT_SAID_BY_THE_SERVER.sub(" ", text).split())
