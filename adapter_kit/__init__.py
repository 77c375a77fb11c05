"""For authors of Python adapters: a starting file, and a bench to try an adapter on, outside a crew.

from adapter_kit import AdapterBench, VerbFailed, recorded_portal, tiny_pdf
"""

from adapter_kit.bench import AdapterBench, Document, VerbFailed
from adapter_kit.recorded import recorded_portal
from adapter_kit.tiny_pdf import tiny_pdf

__all__ = ["AdapterBench", "Document", "VerbFailed", "recorded_portal", "tiny_pdf"]
