"""The house is as its plan says: few rooms, no circle, nothing long."""

from __future__ import annotations

import pytest

from . import house

# What a stranger can hold in mind at the top of webapp/, create_app aside.
MOST_ROOMS = 14
LONGEST_FUNCTION = 40
LONGEST_MODULE = 400
# Nine tenths of all functions have a body of at most this many lines.
USUAL_BODY = 20


def test_the_plan_in_the_documents_is_drawn_from_the_imports() -> None:
    """Else: `python -m tests.house`."""
    assert house.PAGE.read_text("utf-8") == house.page_with(house.plan())


def test_no_rooms_ask_each_other_in_a_circle() -> None:
    assert sum(map(len, house.floors(house.rooms()))) == len(house.rooms())


def test_a_circle_would_be_found() -> None:
    circle = {"a": house.Room("a", asks={"b"}), "b": house.Room("b", asks={"a"})}
    with pytest.raises(ValueError, match="circle"):
        house.floors(circle)


def test_few_names_stand_at_the_top_and_each_says_what_it_is_for() -> None:
    rooms = house.rooms()
    assert len(rooms) - 1 <= MOST_ROOMS
    assert [room.name for room in rooms.values() if not room.purpose] == []


def test_nothing_is_too_long_to_be_read_at_one_go() -> None:
    lengths = [
        (f"{path}:{node.name}", node.end_lineno or 0, node.lineno)
        for path, node in house.functions()
    ]
    assert [name for name, end, start in lengths if end - start + 1 > LONGEST_FUNCTION] == []
    modules = [
        (path, len(path.read_text("utf-8").splitlines())) for path in house.HOUSE.rglob("*.py")
    ]
    assert [path.name for path, lines in modules if lines > LONGEST_MODULE] == []
    bodies = sorted(house.body_length(node) for _, node in house.functions())
    assert bodies[len(bodies) * 9 // 10] <= USUAL_BODY
