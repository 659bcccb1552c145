"""What whoever operates the program reads: whether it is ready, and its figures."""

from prometheus_client.parser import text_string_to_metric_families

from tests.support.api.client import Api

WAITING = "Letters wait until SWITCHBOARD_SMTP_URL and SWITCHBOARD_MAIL_FROM say how they leave.\n"


async def ready(api: Api) -> tuple[int, str]:
    answer = await api.http.get("/readyz")
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, answer.text


async def read(api: Api, **headers: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = await api.http.get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def labels(**values: str) -> frozenset[tuple[str, str]]:
    return frozenset(values.items())
