"""What Streamlit runs on every click: the pages, with the ingest's pixels handed in to them."""

from cathograph.pictures import read_pictures
from dashboard.app import main
from dashboard.pictures import read_with

if __name__ == "__main__":
    read_with(read_pictures)
    main()
