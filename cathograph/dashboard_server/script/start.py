"""What Streamlit runs on every click: the pages, with the ingest's pixels and painting handed in to them."""

from cathograph.dashboard.app import main
from cathograph.dashboard.session.image_pixels import read_with
from cathograph.dashboard.session.painting import paint_with
from cathograph.dashboard_server.painter import IngestPainter
from cathograph.dashboard_server.pixel_reader import read_image_pixels

if __name__ == "__main__":
    read_with(read_image_pixels)
    paint_with(IngestPainter())
    main()
