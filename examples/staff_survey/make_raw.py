"""Write the synthetic raw files of this example into ``raw/``: three yearly waves and what goes with them.

    python examples/staff_survey/make_raw.py

Every answer stands below, a letter each, so that every figure on the pages can be counted by hand.
"""

import csv
from datetime import datetime
from pathlib import Path

import openpyxl

RAW = Path(__file__).parent / "raw" / "Harbour Library Service"
NOTE = "Synthetic example: no such library, no such people."

#: Answers on the leadership team, a letter each: v very satisfied … d very dissatisfied, n neither, x blank.
LEADERSHIP = {
    2021: {"Yes": "vvsssnnffd", "No": "vsssnnnffd"},
    2022: {"Yes": "vvvssssnnf", "No": "vssssnnnfx"},
    2023: {"Yes": "vvvvvsssnf", "No": "vvsssssnnf"},
}
WORKLOAD = {2021: "vssnnnfffd", 2022: "vssnnnnffd", 2023: "vvssnnnffd"}
_FOUR = {"v": "Very satisfied", "s": "Satisfied", "f": "Dissatisfied", "d": "Very dissatisfied"}
WORDS = {
    2021: _FOUR | {"n": "Neither satisfied nor dissatisfied"},
    2022: _FOUR | {"n": "Neutral"},
    2023: {"v": 5, "s": 4, "n": 3, "f": 2, "d": 1},
}
AGREE = {
    "v": "Strongly agree",
    "s": "Agree",
    "n": "Neither agree nor disagree",
    "f": "Disagree",
    "d": "Strongly disagree",
}
STEM = {
    2021: "How satisfied are you with … [{}]",
    2022: "How satisfied are you with … [{}]",
    2023: "How satisfied are you with … (1 = very dissatisfied, 5 = very satisfied) [{}]",
}
#: The wording changed in 2022 (the same question); in 2023 another question took its place.
LAST = {
    2021: "I would recommend the library as a place to work",
    2022: "I would recommend this library as a good place to work",
    2023: "I see myself working here in two years",
}
TEAMS = [
    ("Lending", "Harbour site"),
    ("Children's services", "Harbour site"),
    ("Archives", "Hill site"),
    ("Digital", "Hill site"),
]
PEOPLE = [
    f"{first} {last}"
    for last in ("Ash", "Birch", "Cole")
    for first in ("Ada", "Ben", "Cleo", "Dan", "Eve", "Fay", "Gus", "Hal")
]


def survey(year: int) -> list[list[object]]:
    """Return the export of one wave."""
    head = ["Timestamp", "Email Address", "Are you a member of the staff association?"]
    head += [STEM[year].format(line) for line in ("The leadership team", "Your workload")]
    rows: list[list[object]] = [
        [*head, LAST[year], "What would help you most? (tick all that apply)", "Anything else?"]
    ]
    for group, letters in LEADERSHIP[year].items():
        for n, letter in enumerate(letters):
            load = WORDS[year][WORKLOAD[year][n]]
            agree = AGREE[WORKLOAD[year][-1 - n]]
            help_ = ("Training, Flexible hours", "Training", "A quiet room")[n % 3]
            stamp = f"3/{n + 1}/{year} 14:05:22"
            said = WORDS[year].get(letter, "")
            rows.append(
                [
                    stamp,
                    f"{group.lower()}{n}@example.org",
                    group,
                    said,
                    load,
                    agree,
                    help_,
                    f"José {n} says …",
                ]
            )
    return rows


def save(name: str, rows: list[list[object]]) -> None:
    """Write a workbook."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(RAW / name)


def main() -> None:
    """Write all files."""
    RAW.mkdir(parents=True, exist_ok=True)
    units = [["Team", "Site", "Staff", "Association members"], *([team, site, 6, 6] for team, site in TEAMS)]
    save("Teams.xlsx", [[NOTE], *units, ["Total", None, 24, 24]])
    staff: list[list[object]] = [["Name", "Team", "Site", "Joined", "In service"]]
    staff += [[name, *TEAMS[n % 4], datetime(2015 + n % 5, 3, 1), "Yes"] for n, name in enumerate(PEOPLE)]
    save("Staff register.xlsx", [["As at: 2021-01-01"], *staff, ["Prepared by: the office"]])
    save("Survey 2021.xlsx", survey(2021))
    with (RAW / "Survey 2022.csv").open("w", encoding="cp1252", newline="") as file:
        csv.writer(file).writerows(survey(2022))
    save("Survey 2023.xlsx", survey(2023))
    meetings: list[list[object]] = [["Date", "Site", "Kind", "Subject", "Expected", "Present"]]
    for year in (2021, 2022, 2023):
        meetings += [
            [f"{day} March {year}", site, "Team meeting", f"Plans {year}, {site}", 12, 12 - day % 3]
            for day in (3, 17)
            for site in ("Harbour site", "Hill site")
        ]
        meetings += [
            [f"4/{day}/{year}", "Harbour site", "Training", f"Skills {year}, {day}", 12, 9] for day in (5, 26)
        ]
    save("Meetings.xlsx", [["Meeting log"], *meetings, ["Total", None, None, None, 216, 186]])
    hours: list[list[object]] = [["Name", "Site", "Course", "Mode", "Dates", "Hours"]]
    hours += [
        [
            name,
            TEAMS[n % 4][1],
            f"Course {year}",
            "Classroom" if n % 2 else "Online",
            f"{year}-05-0{n % 9 + 1}",
            4 + n % 3,
        ]
        for year in (2021, 2022, 2023)
        for n, name in enumerate(PEOPLE)
    ]
    save("Training.xlsx", [["Training register"], *hours])
    actions: list[list[object]] = [["Problem", "Team", "Responsible", "Raised", "Due", "Status", "Closed"]]
    actions += [
        [
            "Too few shifts at weekends",
            "Lending",
            "Ada Ash",
            "2021-04-01",
            "2021-09-30",
            "Done",
            "2021-09-01",
        ],
        ["No quiet room", "Digital", "Dan Ash", "2022-04-01", "2022-12-31", "Done", "2023-02-01"],
        ["Old scanners", "Archives", "Cleo Ash", "2023-04-01", "2023-10-31", "Open", None],
    ]
    save("Actions.xlsx", [["Action list"], *actions, ["Prepared by: the office"]])


if __name__ == "__main__":
    main()
