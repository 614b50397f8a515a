# A server with vectorgraph and pgvector's type: the official image and one script, which tests run in a
# bare Debian system too (docs/testing.md).
#   docker build -t vectorgraph .
#   docker build -t vectorgraph:18 --build-arg PG_MAJOR=18 .
ARG PG_MAJOR=17
ARG DEBIAN_RELEASE=trixie
FROM postgres:${PG_MAJOR}-${DEBIAN_RELEASE}
ARG PG_MAJOR
COPY . /usr/src/vectorgraph
RUN /usr/src/vectorgraph/make/docker-build.sh "$PG_MAJOR" && rm -rf /usr/src/vectorgraph
