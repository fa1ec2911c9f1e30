# syntax=docker/dockerfile:1
# Two images: `service` (cathograph watch) and `dashboard`. Versions are those of requirements.lock.
#
#     docker build --target service -t cathograph-service .
#
# EXTRAS of the service may be widened, for a GPU: --build-arg EXTRAS=unet

FROM python:3.12.11-slim-bookworm AS base
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PATH=/opt/cathograph/bin:$PATH \
    NUMBA_CACHE_DIR=/tmp/numba \
    CATHOGRAPH_HOME=/tmp/cathograph
# A user of no rights, by number, so that Kubernetes can tell too.
RUN useradd --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin cathograph

FROM base AS build
# The same as in the Makefile.
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /src
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY schema schema
COPY queries queries
COPY phantom phantom
COPY ingest ingest
COPY analysis analysis
COPY gnn gnn
COPY dashboard dashboard
COPY benchmarks benchmarks
COPY cathograph cathograph
RUN uv venv /opt/cathograph
# No git is copied in: --build-arg VERSION=$(git describe --tags) tells the version.
ARG VERSION=
ENV SETUPTOOLS_SCM_PRETEND_VERSION_FOR_CATHOGRAPH=$VERSION

FROM build AS build-service
ARG EXTRAS=ingest
RUN uv pip install --no-cache --python /opt/cathograph/bin/python --constraint requirements.lock --build-constraints requirements.lock ".[${EXTRAS}]"

FROM build AS build-dashboard
ARG DASHBOARD_EXTRAS=dashboard
RUN uv pip install --no-cache --python /opt/cathograph/bin/python --constraint requirements.lock --build-constraints requirements.lock ".[${DASHBOARD_EXTRAS}]"

FROM base AS service
COPY --from=build-service /opt/cathograph /opt/cathograph
USER 10001
# The folder that is watched is mounted here; of it only reading is needed.
WORKDIR /beamtime
HEALTHCHECK --interval=60s --timeout=30s --start-period=60s --retries=3 \
    CMD ["cathograph", "jobs", "--state", "running"]
ENTRYPOINT ["cathograph"]
CMD ["watch", ".", "--poll"]

FROM base AS dashboard
COPY --from=build-dashboard /opt/cathograph /opt/cathograph
USER 10001
WORKDIR /tmp
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=5)"]
ENTRYPOINT ["cathograph"]
CMD ["dashboard", "--host", "0.0.0.0", "--port", "8501", "--no-browser"]
