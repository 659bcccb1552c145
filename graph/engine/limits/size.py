"""The limits, and the size of a part of a document."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one document. `nodes` is what the page sizes add up to, `page` the size where none is given.

    `repetitions`: pairs of fields with one name at one place, each of which validation compares (up to 15 µs a pair).
    `literal_fields`: of one object literal.
    """

    document_bytes: int = 16_384
    tokens: int = 1_000
    depth: int = 12
    fields: int = 500
    aliases: int = 30
    directives: int = 50
    nodes: int = 10_000
    page: int = 25
    introspection_depth: int = 32
    repetitions: int = 2_000
    literal_fields: int = 100

    def refusal(self, text: str) -> str | None:
        """Why this text is not even parsed."""
        size = len(text.encode(errors="replace"))
        if size <= self.document_bytes:
            return None
        return f"The document has {size:,} bytes; at most {self.document_bytes:,} are allowed."


@dataclass(frozen=True, slots=True)
class Size:
    """Of a selection, with its fragments expanded. `inner_*`: what stands below `__schema` and `__type`."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    nodes: int = 0
    inner_depth: int = 0
    inner_fields: int = 0

    def beside(self, size: "Size") -> "Size":
        return Size(
            max(self.depth, size.depth),
            self.fields + size.fields,
            self.aliases + size.aliases,
            self.directives + size.directives,
            self.nodes + size.nodes,
            max(self.inner_depth, size.inner_depth),
            self.inner_fields + size.inner_fields,
        )

    def under(self, *, alias: bool, page: int) -> "Size":
        """The size of a field with this selection; `page` is how many of it may come, 0 for a field that is no list."""
        nodes = self.nodes if page == 0 else page + page * self.nodes
        inner = self.inner_depth, self.inner_fields
        return Size(self.depth + 1, self.fields + 1, self.aliases + alias, self.directives, nodes, *inner)

    def introspected(self) -> "Size":
        return Size(
            aliases=self.aliases, directives=self.directives, inner_depth=self.depth, inner_fields=self.fields
        )  # fmt: skip
