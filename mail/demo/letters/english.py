"""Threads that an English-speaking client and the firm have had."""

from mail.demo.letters.shapes import Template, absence, client, firm
from mail.demo.people import Kind

BUSINESS = (Kind.COMPANY,)

TEMPLATES = (
    Template(
        "VAT return {quarter}/{year}",
        (
            firm("Dear {first},\n\nthe VAT return of {account} for quarter {quarter} is due soon. Could you send the "
                 "sales and purchase ledgers by Friday?"),
            client("Hello {colleague},\n\nhere is the ledger. Two invoices from abroad are still missing, I have asked "
                   "the suppliers again.", "ledger.csv"),
            firm("Thank you, {first}. With the two missing invoices estimated, the amount to pay comes to € {amount}. "
                 "Please tell us if we may file.", "vat-return.pdf"),
            client("Yes, please go ahead. The missing ones came to less than you estimated, all the better."),
            firm("Filed this morning. The receipt is attached, nothing else to do for you.", "receipt.pdf"),
        ),
        BUSINESS,
    ),
    Template(
        "Invoice {number} – is it deductible?",
        (
            client("Hi {colleague},\n\nI bought a laptop that I also use at home. Can {account} deduct all of it?",
                   "invoice.pdf"),
            firm("Hello {first},\n\nhalf of it, unless you keep a log of the private use. Shall we book it that way?"),
            client("Half is fine, I am not going to keep a log!"),
        ),
    ),
    Template(
        "Payroll {month} – changes",
        (
            client("Good morning,\n\nthis month one person leaves on the 15th and two start on the 20th. Their forms "
                   "are in the table.", "staff.csv"),
            firm("Good morning {first},\n\nreceived. We need the tax ID of one of the two: the one we have has a digit "
                 "too many."),
            client("Sorry, a typing error. It is the same without the final 7."),
            firm("Payslips are ready for your approval. Net total € {amount}.", "payslips.pdf"),
        ),
        BUSINESS,
    ),
    Template(
        "Tax ID for my daughter",
        (
            client("Dear {colleague},\n\nour daughter turned eighteen and starts a summer job. How does she get a "
                   "tax ID card?"),
            firm("Congratulations to her! She has had the number since birth, only the card must be asked for. Form "
                 "attached, it takes two weeks.", "form.pdf"),
            client("Thank you so much, sent off today."),
        ),
        (Kind.INDIVIDUAL,),
    ),
    Template(
        "The lease of the new premises",
        (
            client("{colleague}, the landlord wants a six-year lease at € {amount} a month with a deposit of three. "
                   "Could you look at the draft before we sign?", "lease-draft.pdf"),
            firm("{first},\n\nclause 7 passes the property tax on to you, which is not usual here. I would strike "
                 "it. The rest is usual."),
            absence("Thank you for your message. I am away until Monday and will answer then."),
            client("He agreed to strike it. We sign on Thursday."),
            firm("Very good. Send us the signed copy and we register it within the thirty days."),
            client("Here it is, all pages.", "lease-signed.pdf"),
        ),
        BUSINESS,
    ),
    Template(
        "Forming a second company",
        (
            client("Hello,\n\nwe think of putting the import side of {account} into its own company. What would it "
                   "cost, and how long does it take?"),
            firm("Dear {first},\n\nabout six weeks and € {amount} with the notary. Attached is what we need from "
                 "each partner.", "checklist.pdf"),
            client("Thanks. We will talk it over at home and come back to you."),
        ),
        BUSINESS,
    ),
    Template(
        "Auditors' questions {year}",
        (
            firm("Dear {first},\n\nthe auditors ask for the contracts behind three items of last year's other income. "
                 "Can you find them?", "questions.csv"),
            client("Two attached. The third was agreed by telephone, I only have the bank statement.", "contracts.pdf"),
            firm("A short written confirmation from the other side will do. I attach a wording that you can use."),
            client("Signed and scanned, see the picture.", "confirmation.png"),
            firm("Perfect, that closes the list."),
        ),
        BUSINESS,
    ),
    Template(
        "Your tax return {year}",
        (
            firm("Dear {first},\n\nit is that time again. Please send us medical receipts, insurance premiums and the "
                 "interest statement of the mortgage."),
            client("Everything in one file, I hope it can be read.", "receipts.pdf"),
            firm("It can. There is a refund of € {amount} coming to you with the July salary."),
            client("What good news! Thank you, {colleague}."),
        ),
        (Kind.INDIVIDUAL, Kind.OTHER),
    ),
    Template(
        "Reminder: our invoice {number}",
        (
            firm("Dear {first},\n\nour invoice {number} over € {amount} is still open. Perhaps it slipped through?",
                 "invoice.pdf"),
            client("It did, sorry! Paid just now."),
        ),
    ),
    Template(
        "Thank you",
        (client("Dear {colleague},\n\njust a word to thank you all for the help with {account} this year. The cake "
                "arrives tomorrow."),
         firm("That is very kind of you, {first}. It will not survive the morning."),),
    ),
    Template(
        "Meeting on {weekday}?",
        (
            client("Could we meet on {weekday} about the numbers of {account}? Half an hour would do."),
            firm("Gladly, at half past ten here in the office, or by video if you prefer."),
            client("In the office, then I can bring the originals. See you there!"),
        ),
    ),
    Template(
        "Accounts for the trustees {year}",
        (
            firm("Dear {first},\n\nattached are the draft accounts of {account}. The trustees should see them before "
                 "the meeting.", "accounts.pdf"),
            client("They have, and ask what the € {amount} under other costs is."),
            firm("The repair of the roof in {month}, it will be shown on a line of its own."),
        ),
        (Kind.OTHER,),
    ),
)  # fmt: skip
