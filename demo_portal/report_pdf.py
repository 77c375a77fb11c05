"""Makes a record's document: one to five pages, the same bytes for the same record."""

from datetime import UTC, datetime, time
from functools import lru_cache

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from demo_portal.vehicles import FIRST_DAY, Vehicle

_INK = (27, 42, 51)
_MUTED = (104, 120, 130)
_ACCENT = (14, 116, 118)
_LINE = (214, 222, 227)
_MADE_AT = datetime.combine(FIRST_DAY, time(8), tzinfo=UTC)
_INSPECTED = (
    "Brakes, front",
    "Brakes, rear",
    "Steering and suspension",
    "Tyres and tread depth",
    "Lights and indicators",
    "Battery and charging",
    "Windscreen and wipers",
    "Exhaust and emissions",
    "Seat belts and airbags",
    "Bodywork and paint",
)
_TERMS = (
    "This report lists what was entered for the vehicle by the depots named in it. Mileages are readings "
    "taken at those visits and are not corrected. Work done elsewhere is not contained. The report replaces "
    "all earlier reports of the same reference. It is made for the holder of the account and must not be "
    "passed on in parts."
)


@lru_cache(maxsize=64)
def report_pdf(vehicle: Vehicle) -> bytes:
    """Takes 5 to 20 ms of CPU: call it in a thread. The last 64 documents are kept."""
    pdf = _ReportPdf(vehicle)
    sections = (_summary, _service_history, _inspection, _mileage, _terms)
    for section in sections[: vehicle.pages]:
        pdf.add_page()
        section(pdf, vehicle)
    return bytes(pdf.output())


def printable(text: str) -> str:
    """``text`` in the letters that a PDF's built-in fonts have (Latin-1); any other letter becomes "?"."""
    return " ".join(text.split()).encode("latin-1", "replace").decode("latin-1")


class _ReportPdf(FPDF):
    """The frame of each page: header band and footer."""

    def __init__(self, vehicle: Vehicle) -> None:
        super().__init__(format="A4")
        self._ref = printable(vehicle.ref)
        self.set_title(f"Vehicle report {self._ref}")
        self.set_author("Meridian Fleet Records")
        self.set_creation_date(_MADE_AT)
        self.set_auto_page_break(True, margin=22)
        self.set_margins(18, 34, 18)

    def header(self) -> None:
        self.set_fill_color(*_ACCENT)
        self.rect(0, 0, self.w, 22, style="F")
        self.set_xy(18, 7)
        self.set_text_color(255, 255, 255)
        self.set_font("helvetica", "B", 13)
        self.cell(90, 8, "Meridian Fleet Records")
        self.set_font("helvetica", "", 9)
        self.cell(self.epw - 90, 8, f"Vehicle report  {self._ref[:40]}", align="R")
        self.set_xy(18, 34)

    def footer(self) -> None:
        self.set_y(-16)
        self.set_font("helvetica", "", 8)
        self.set_text_color(*_MUTED)
        self.cell(self.epw / 2, 6, f"Issued {FIRST_DAY:%d %B %Y}")
        self.cell(self.epw / 2, 6, f"Page {self.page_no()}", align="R")

    def heading(self, text: str, size: int = 13) -> None:
        self.set_font("helvetica", "B", size)
        self.set_text_color(*_INK)
        self.multi_cell(self.epw, size * 0.55, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(2.5)

    def row(self, cells: tuple[str, ...], widths: tuple[int, ...], *, strong: bool = False) -> None:
        self.set_font("helvetica", "B" if strong else "", 9)
        self.set_text_color(*(_MUTED if strong else _INK))
        self.set_draw_color(*_LINE)
        for text, width in zip(cells, widths, strict=True):
            self.cell(width, 7, text, border="B")
        self.ln(7)


def _summary(pdf: _ReportPdf, vehicle: Vehicle) -> None:
    pdf.heading(f"Vehicle report {printable(vehicle.ref)}", size=19)
    pdf.set_font("helvetica", "", 11)
    pdf.set_text_color(*_MUTED)
    pdf.multi_cell(pdf.epw, 6, printable(f"{vehicle.make} {vehicle.model}, {vehicle.year}")[:200])
    pdf.ln(10)
    pdf.heading("Vehicle")
    facts = (
        ("Reference", vehicle.ref),
        ("Make", vehicle.make),
        ("Model", vehicle.model),
        ("Year", str(vehicle.year)),
        ("VIN", vehicle.vin),
        ("Registration", vehicle.plate),
        ("Colour", vehicle.colour),
        ("Fuel", vehicle.fuel),
        ("Mileage", f"{vehicle.mileage} km"),
        ("Status", vehicle.status),
        ("Home depot", vehicle.depot),
        ("Owners", str(vehicle.owners)),
    )
    for name, value in facts:
        pdf.row((name, printable(value)[:80]), (45, 129))


def _service_history(pdf: _ReportPdf, vehicle: Vehicle) -> None:
    pdf.heading("Service history")
    widths = (30, 74, 40, 30)
    pdf.row(("Date", "Event", "Depot", "Mileage"), widths, strong=True)
    for entry in vehicle.history:
        cells = (entry.day.isoformat(), entry.event, printable(entry.depot), f"{entry.mileage} km")
        pdf.row(cells, widths)


def _inspection(pdf: _ReportPdf, vehicle: Vehicle) -> None:
    pdf.heading("Inspection")
    pdf.row(("Checked", "Result"), (120, 54), strong=True)
    for number, name in enumerate(_INSPECTED):
        worn = (vehicle.mileage // 1000 + number) % 7 == 0
        pdf.row((name, "Worn, watch" if worn else "In order"), (120, 54))


def _mileage(pdf: _ReportPdf, vehicle: Vehicle) -> None:
    """A line chart of the mileage, oldest reading on the left."""
    pdf.heading("Mileage")
    readings = [entry.mileage for entry in reversed(vehicle.history)] + [vehicle.mileage]
    left, bottom, width, height = pdf.l_margin, pdf.get_y() + 80, pdf.epw, 72
    pdf.set_draw_color(*_LINE)
    for line in range(5):
        y = bottom - height * line / 4
        pdf.line(left, y, left + width, y)
    pdf.set_draw_color(*_ACCENT)
    pdf.set_line_width(0.7)
    top = max(readings)
    points = [
        (left + width * i / (len(readings) - 1), bottom - height * reading / top)
        for i, reading in enumerate(readings)
    ]
    pdf.polyline(points)
    pdf.set_line_width(0.2)
    pdf.set_y(bottom + 6)
    pdf.set_font("helvetica", "", 9)
    pdf.set_text_color(*_MUTED)
    pdf.cell(pdf.epw, 6, f"{len(readings)} readings, {readings[0]} km to {readings[-1]} km")


def _terms(pdf: _ReportPdf, vehicle: Vehicle) -> None:
    pdf.heading("About this report")
    pdf.set_font("helvetica", "", 10)
    pdf.set_text_color(*_INK)
    pdf.multi_cell(pdf.epw, 5.6, _TERMS, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(6)
    pdf.multi_cell(pdf.epw, 5.6, f"Reference {printable(vehicle.ref)}, VIN {vehicle.vin}")
