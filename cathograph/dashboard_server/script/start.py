"""What Streamlit runs on every click: the pages, with the ingest's pixels handed in to them."""

from cathograph.dashboard.app import main
from cathograph.dashboard.session.pictures import read_with
from cathograph.dashboard_server.pictures import read_pictures

if __name__ == "__main__":
    read_with(read_pictures)
    main()
