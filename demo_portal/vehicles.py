"""Makes the records: the same seed gives the same fleet on every machine. Pure."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from demo_portal.config import PortalConfig
from demo_portal.hostile import hostile_cells, hostile_refs

COLUMNS = ("Reference", "Make", "Model", "Year", "VIN", "Colour", "Mileage", "Status", "Delivery")
"""The inventory's header, in the table as in the CSV export."""

MIXED_WAYS = ("attachment", "inline", "new-tab", "post", "blob")
ACTIVE = "Active"
NOT_ACTIVE = ("In workshop", "Sold", "Retired")
FIRST_DAY = date(2026, 1, 15)
"""Every report is dated from here backwards: a document must not change with the calendar."""

COLOURS = {
    "Polar white": "#f1f3f4",
    "Graphite": "#4a5058",
    "Night black": "#23262b",
    "Signal red": "#c3342f",
    "Harbour blue": "#2f6db3",
    "Moss green": "#4f7355",
    "Sand": "#cdb894",
    "Silver": "#b6bdc4",
}

_MODELS = (
    ("Volkswagen", "Golf", "hatchback", "petrol"),
    ("Volkswagen", "Transporter", "van", "diesel"),
    ("Volvo", "V60", "saloon", "plug-in hybrid"),
    ("Toyota", "Corolla", "hatchback", "hybrid"),
    ("Toyota", "RAV4", "suv", "hybrid"),
    ("Ford", "Transit", "van", "diesel"),
    ("Ford", "Focus", "hatchback", "petrol"),
    ("Skoda", "Octavia", "saloon", "diesel"),
    ("Skoda", "Kodiaq", "suv", "diesel"),
    ("Renault", "Clio", "hatchback", "petrol"),
    ("Renault", "Kangoo", "van", "electric"),
    ("Hyundai", "Ioniq 5", "suv", "electric"),
    ("Kia", "Niro", "suv", "electric"),
    ("BMW", "320d", "saloon", "diesel"),
    ("Peugeot", "308", "hatchback", "petrol"),
    ("Mercedes-Benz", "Vito", "van", "diesel"),
)
_DEPOTS = ("Aarhus", "Bremen", "Cork", "Dijon", "Espoo", "Ghent", "Lyon", "Malmö", "Porto", "Trieste")
_EVENTS = (
    "Annual service",
    "Brake pads replaced",
    "Tyres changed",
    "Roadworthiness test passed",
    "Windscreen repaired",
    "Battery checked",
    "Driver changed",
    "Cleaned and valeted",
    "Oil and filter changed",
    "Recall work completed",
)
_VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"  # a VIN has no I, O or Q


@dataclass(frozen=True)
class HistoryEntry:
    """Something that happened to a vehicle."""

    day: date
    event: str
    depot: str
    mileage: int


@dataclass(frozen=True)
class Vehicle:
    """One record. ``way``: how its page delivers the document. ``pages``: length of the document."""

    ref: str
    make: str
    model: str
    year: int
    vin: str
    colour: str
    mileage: int
    status: str
    way: str
    body: str
    fuel: str
    plate: str
    depot: str
    owners: int
    pages: int
    has_report: bool
    history: tuple[HistoryEntry, ...]

    @property
    def paint(self) -> str:
        """The colour as a hex value; a hostile colour name is painted silver."""
        return COLOURS.get(self.colour, COLOURS["Silver"])

    @property
    def row(self) -> tuple[str, ...]:
        """The cells under COLUMNS."""
        cells = (self.ref, self.make, self.model, self.year, self.vin)
        return *map(str, cells), self.colour, str(self.mileage), self.status, self.way

    def matches(self, query: str) -> bool:
        """What the search box finds: reference, VIN or model, anywhere, in any case."""
        wanted = query.casefold()
        return any(wanted in text.casefold() for text in (self.ref, self.vin, f"{self.make} {self.model}"))


def make_vehicles(config: PortalConfig) -> dict[str, Vehicle]:
    """All records by reference, in the inventory's order."""
    refs = [f"V-{number:04d}" for number in range(1, config.records + 1)]
    if config.hostile:
        refs = hostile_refs(refs)
    return {ref: _make_vehicle(config, index, ref) for index, ref in enumerate(refs)}


def _make_vehicle(config: PortalConfig, index: int, ref: str) -> Vehicle:
    chance = random.Random(f"{config.seed}/{index}")
    make, model, body, fuel = chance.choice(_MODELS)
    year = chance.randint(2014, 2025)
    mileage = chance.randint(4, 24) * 1000 * (2026 - year) + chance.randint(0, 999)
    colour = chance.choice(tuple(COLOURS))
    # Statuses follow a fixed beat of ten, so that a small portal has its 30 % hidden as well.
    status = ACTIVE if (index + config.seed) % 10 not in (2, 5, 8) else chance.choice(NOT_ACTIVE)
    has_report = random.Random(f"{config.seed}/report/{index}").random() >= config.no_report
    if config.hostile:
        make, model, colour = hostile_cells(index, (make, model, colour))
    return Vehicle(
        ref=ref,
        make=make,
        model=model,
        year=year,
        vin="WM" + "".join(chance.choices(_VIN_LETTERS, k=9)) + f"{index:06d}",
        colour=colour,
        mileage=mileage,
        status=status,
        way=MIXED_WAYS[index % len(MIXED_WAYS)] if config.delivery == "mixed" else config.delivery,
        body=body,
        fuel=fuel,
        plate=f"MF {chance.randint(10, 99)} {''.join(chance.choices(_VIN_LETTERS[:23], k=3))}",
        depot=chance.choice(_DEPOTS),
        owners=chance.randint(1, 4),
        pages=chance.randint(1, 5),
        has_report=has_report,
        history=_make_history(chance, mileage, year),
    )


def _make_history(chance: random.Random, mileage: int, year: int) -> tuple[HistoryEntry, ...]:
    """Newest first; the mileage never grows on the way back."""
    count = chance.randint(6, 18)
    age_days = max(200, (FIRST_DAY - date(year, 3, 1)).days)
    days_back = sorted(chance.randint(5, age_days) for _ in range(count))
    return tuple(
        HistoryEntry(
            day=FIRST_DAY - timedelta(days=back),
            event=chance.choice(_EVENTS),
            depot=chance.choice(_DEPOTS),
            mileage=round(mileage * (1 - back / (age_days + 30))),
        )
        for back in days_back
    )
