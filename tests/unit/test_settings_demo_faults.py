"""The settings' reading of demo_faults agrees with the demo portal's own, which they may not import."""

import pytest
from pydantic import TypeAdapter

from demo_portal.faults import FaultKind, FaultMix
from supervisor.settings_demo_faults import FAULT_KINDS, DemoFaults

READER: TypeAdapter[str] = TypeAdapter(DemoFaults)


def test_kinds_are_the_demo_portals_when_they_are_compared() -> None:
    assert tuple(FaultKind) == FAULT_KINDS


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " , ",
            "hang=0.02",
            "hang = 0.02 , error=1",
            "spin!=V-0003",
            "spin! = V=3",
            "slow=.5,slow_s=10",
        ),
        *(
            "retry_after_s=3",
            "times=2",
            "hang=1.",
            "hang=0",
            "hang",
            "hang=",
            "hang=1.1",
            "hang=-0.1",
            "hang=x",
        ),
        *(
            "hang!=",
            "hnag=0.1",
            "hnag!=V-1",
            "=1",
            "!=1",
            "slow_s=-1",
            "slow_s=nan",
            "times=inf",
            "times",
            "a,b",
        ),
    ],
)
def test_text_is_refused_when_the_demo_portal_would_refuse_it(text: str) -> None:
    def is_read_by(read: object) -> bool:
        assert callable(read)
        try:
            read(text)
        except ValueError:
            return False
        return True

    assert is_read_by(READER.validate_python) == is_read_by(FaultMix.parse)
