"""Inputs that link contacts to an account: new or existing ones, with the switches they start with."""

from uuid import UUID

import strawberry

from graph.ids import Kind, key_of
from graph.inputs import asked_id, given
from graph.toggles import NewTogglesInput
from models.contact import ExistingContact, FieldRef, LinkedContact, NewContact, NewEmail
from models.toggles import NewToggles


@strawberry.input(one_of=True, description="`name` makes the field where the firm has none of that name (R32).")
class EmailFieldInput:
    id: strawberry.ID | None = strawberry.UNSET
    name: str | None = strawberry.UNSET

    def asked(self) -> FieldRef:
        return FieldRef(asked_id(Kind.EMAIL_FIELD, self.id), given(self.name))


@strawberry.input(description="`toggles` are those on the account that the contact is linked to by the same call.")
class NewEmailInput:
    field: EmailFieldInput
    address: str
    toggles: NewTogglesInput | None = strawberry.UNSET

    def asked(self) -> NewEmail:
        toggles = given(self.toggles)
        return NewEmail(self.field.asked(), self.address, toggles.asked() if toggles else NewToggles())


@strawberry.input
class NewContactInput:
    name: str
    emails: list[NewEmailInput] = strawberry.field(default_factory=list)


@strawberry.input
class AddressTogglesInput:
    address_id: strawberry.ID
    toggles: NewTogglesInput

    def asked(self) -> tuple[UUID, NewToggles]:
        return key_of(Kind.EMAIL_ADDRESS, self.address_id), self.toggles.asked()


@strawberry.input(description="Addresses that are not named start with all three off (R4).")
class ExistingContactInput:
    contact_id: strawberry.ID
    toggles: list[AddressTogglesInput] = strawberry.field(default_factory=list)


@strawberry.input(one_of=True)
class AccountContactInput:
    new: NewContactInput | None = strawberry.UNSET
    existing: ExistingContactInput | None = strawberry.UNSET

    def asked(self) -> LinkedContact:
        if new := given(self.new):
            return NewContact(new.name, tuple(email.asked() for email in new.emails))
        existing = given(self.existing)
        assert existing is not None, "exactly one is given"
        key = key_of(Kind.CONTACT, existing.contact_id)
        return ExistingContact(key, tuple(toggles.asked() for toggles in existing.toggles))
