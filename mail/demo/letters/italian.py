"""Threads that an Italian-speaking client and the firm have had."""

from mail.demo.letters.shapes import Template, absence, client, firm
from mail.demo.people import Kind

BUSINESS = (Kind.COMPANY,)

TEMPLATES = (
    Template(
        "Liquidazione IVA {quarter}° trimestre {year}",
        (
            firm("Gentile {first},\n\nsi avvicina la scadenza della liquidazione IVA di {account}. Può mandarci i "
                 "registri entro venerdì?"),
            client("Buongiorno {colleague},\n\necco il registro. Mancano due fatture estere, le ho già sollecitate.",
                   "registro.csv"),
            firm("Grazie. Con una stima per le due mancanti il saldo è di € {amount}. Possiamo procedere?",
                 "liquidazione.pdf"),
            client("Sì, procedete pure. È più di quanto pensassi, ma pazienza."),
            firm("F24 trasmesso stamattina, in allegato la quietanza.", "quietanza.pdf"),
        ),
        BUSINESS,
    ),
    Template(
        "Fattura {number}: è deducibile?",
        (
            client("Ciao {colleague},\n\nho preso un telefono che uso anche a casa. Quanto ne può dedurre {account}?",
                   "fattura.pdf"),
            firm("Ciao {first},\n\nl'ottanta per cento. Lo registriamo così?"),
            client("Perfetto, grazie. Così imparo a chiedere prima."),
        ),
    ),
    Template(
        "Buste paga di {month}",
        (
            client("Buongiorno,\n\nquesto mese esce una persona il 15 e ne entrano due il 20. I dati sono nella "
                   "tabella.", "personale.csv"),
            firm("Buongiorno {first},\n\nil codice fiscale del secondo ha una lettera di troppo, può ricontrollare?"),
            client("Ha ragione, la prima lettera è doppia per sbaglio."),
            firm("I cedolini sono pronti per l'approvazione. Netto totale € {amount}.", "cedolini.pdf"),
        ),
        BUSINESS,
    ),
    Template(
        "Codice fiscale di mio figlio",
        (
            client("Gentile {colleague},\n\nnostro figlio comincia un lavoro estivo. Come si fa per la tessera?"),
            firm("Auguri a lui! Il codice ce l'ha già, va solo richiesta la tessera: il modulo è in allegato.",
                 "modulo.pdf"),
            client("Spedito oggi, grazie mille. Più facile di così…"),
        ),
        (Kind.INDIVIDUAL,),
    ),
    Template(
        "Contratto d'affitto del nuovo locale",
        (
            client("{colleague}, il proprietario propone un sei più sei a € {amount} al mese. Può guardare la bozza "
                   "prima della firma?", "bozza.pdf"),
            firm("{first},\n\nla clausola 7 le addebita l'IMU, che spetta al proprietario. La farei togliere."),
            absence("Sono fuori ufficio fino a lunedì e risponderò al mio ritorno."),
            client("Ha accettato di toglierla. Firmiamo giovedì."),
            firm("Molto bene. Appena firmato ce lo mandi: va registrato entro trenta giorni."),
            client("Eccolo, tutte le pagine.", "contratto-firmato.pdf"),
        ),
        BUSINESS,
    ),
    Template(
        "Costituzione della nuova società",
        (
            client("Buonasera,\n\npensiamo di separare l'immobile da {account} in una società. Costi e tempi?"),
            firm("Gentile {first},\n\ncirca sei settimane e € {amount} con il notaio. Allego l'elenco dei documenti.",
                 "elenco.pdf"),
            client("Grazie, ne parliamo in famiglia e le faccio sapere."),
        ),
        BUSINESS,
    ),
    Template(
        "Domande dei revisori {year}",
        (
            firm("Gentile {first},\n\ni revisori chiedono i contratti di tre voci degli altri ricavi. Li trova?",
                 "domande.csv"),
            client("Due in allegato, del terzo ho solo l'estratto conto.", "contratti.pdf"),
            firm("Basta una conferma scritta della controparte, le mando un testo."),
            client("Firmata, in foto.", "conferma.png"),
        ),
        BUSINESS,
    ),
    Template(
        "Dichiarazione dei redditi {year}",
        (
            firm("Gentile {first},\n\nè di nuovo il momento: ci servono le spese mediche, le assicurazioni e gli "
                 "interessi del mutuo."),
            client("Tutto in un file, spero che si legga. La farmacia è più cara ogni anno!", "ricevute.pdf"),
            firm("Si legge benissimo. C'è un rimborso di € {amount} con lo stipendio di luglio."),
            client("Che bella notizia! Grazie, {colleague}."),
        ),
        (Kind.INDIVIDUAL, Kind.OTHER),
    ),
    Template(
        "Sollecito: nostra fattura {number}",
        (
            firm("Gentile {first},\n\nla nostra fattura {number} di € {amount} risulta ancora aperta.", "fattura.pdf"),
            client("Mi era sfuggita, chiedo scusa. Pagata adesso."),
        ),
    ),
    Template(
        "Grazie!",
        (
            client("Ciao {colleague},\n\ngrazie a tutti voi per l'aiuto con {account}. Domani arriva la torta."),
            firm("Che gentile, {first}. Non supererà la mattinata."),
        ),
    ),
    Template(
        "Appuntamento {weekday}?",
        (
            client("Possiamo vederci {weekday} per i conti di {account}? Basta mezz'ora."),
            firm("Volentieri, alle dieci e mezza in studio, o in video se preferisce."),
            client("In studio, così porto gli originali. A presto!"),
        ),
    ),
    Template(
        "Rendiconto {year} per l'assemblea",
        (
            firm("Gentile {first},\n\nin allegato la bozza del rendiconto di {account}.", "rendiconto.pdf"),
            client("L'hanno vista: chiedono che cosa sono i € {amount} nelle spese varie."),
            firm("La riparazione del tetto di {month}: la mettiamo in una riga a parte."),
        ),
        (Kind.OTHER,),
    ),
)  # fmt: skip
