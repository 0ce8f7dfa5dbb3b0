# The programs that guard an agent. Needs nothing of its base but Node; runs with a read-only root.
ARG BASE
FROM ${BASE}
COPY bundle.js egress.js supervise.js /opt/bb/
USER 65534:65534
WORKDIR /
ENTRYPOINT ["node", "/opt/bb/bundle.js"]
