"""Serves the portal's own style sheets, scripts and pictures from memory."""

import mimetypes

from starlette.requests import Request
from starlette.responses import Response

from demo_portal.pages import STATIC, message_page

_files = {
    path.name: (path.read_bytes(), mimetypes.guess_type(path.name)[0] or "application/octet-stream")
    for path in STATIC.iterdir()
}


async def static_file(request: Request) -> Response:
    found = _files.get(request.path_params["name"])
    if found is None:
        return message_page(request, 404, "Page not found", "There is nothing at this address.")
    body, media_type = found
    return Response(
        body, media_type=media_type, headers={"Cache-Control": "public, max-age=31536000, immutable"}
    )
