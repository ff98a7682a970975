# Bare, it brings its own database:      docker run -p 8536:8536 -v data:/data folkmoot
# For production, give it one of yours:  -e FOLKMOOT__DATABASE__URL=postgres://... (see compose.yml)

FROM rust:1-slim-bookworm AS build
WORKDIR /src
COPY . .
ENV SQLX_OFFLINE=true
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --locked --profile dist --bin folkmoot && cp target/dist/folkmoot /folkmoot

# The data in the volume belongs to this release's major version of Postgres, 15: dump it before changing the release.
FROM debian:bookworm-slim
RUN mkdir -p /etc/postgresql-common/createcluster.d \
    && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/none.conf \
    && apt-get update \
    && apt-get install -y --no-install-recommends postgresql-15 ca-certificates tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 8536 --user-group --home-dir /data --shell /usr/sbin/nologin folkmoot \
    && install -d -o folkmoot -g folkmoot -m 700 /data
COPY --from=build /folkmoot /usr/local/bin/folkmoot
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/folkmoot/

USER folkmoot
ENV FOLKMOOT__DATA_DIR=/data FOLKMOOT__SERVER__LISTEN=0.0.0.0:8536
VOLUME /data
EXPOSE 8536
# tini passes signals on and reaps what the database may leave behind.
ENTRYPOINT ["tini", "--", "folkmoot"]
CMD ["serve"]
