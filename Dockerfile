# One image for all processes: `docker run IMAGE serve core`. How to run it: docs/docker.md.

FROM python:3.13-slim-trixie AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/smith
WORKDIR /src
# What we need first, without our code: this layer stays when only the code changes. Wheels only: there is no compiler.
COPY requirements/image.txt requirements/
RUN /opt/smith/bin/pip install --only-binary :all: --require-hashes --requirement requirements/image.txt
COPY . .
RUN /opt/smith/bin/pip install --no-deps --no-build-isolation . \
    && /opt/smith/bin/smith --version \
    && /opt/smith/bin/pip uninstall --yes pip


FROM python:3.13-slim-trixie

LABEL org.opencontainers.image.title="ActivitySmith server" org.opencontainers.image.licenses="Apache-2.0"
# A fixed id, so that files on the host can be given to it.
RUN groupadd --gid 10001 smith \
    && useradd --uid 10001 --gid smith --no-create-home --home-dir /var/lib/smith --shell /usr/sbin/nologin smith \
    && install --directory --owner smith --group smith --mode 0700 /var/lib/smith
COPY --from=build /opt/smith /opt/smith
ENV PATH=/opt/smith/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    SMITH_DATA_DIR=/var/lib/smith
WORKDIR /var/lib/smith
USER 10001:10001
STOPSIGNAL SIGTERM
# Each process has a health check of its own: `smith health PROCESS`, see compose.yaml.
ENTRYPOINT ["smith"]
CMD ["--help"]
