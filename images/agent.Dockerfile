# The agent's root file system. Builds without a network on any base that has a shell, sed and coreutils.
ARG BASE
FROM ${BASE}
USER root
# Uid 1000 is the agent's, whoever had it in the base.
RUN set -eu; \
    sed -i '/^agent:/d; /^[^:]*:[^:]*:1000:/d' /etc/passwd; \
    sed -i '/^agent:/d; /^[^:]*:[^:]*:1000:/d' /etc/group; \
    echo 'agent:x:1000:1000:agent:/home/agent:/bin/sh' >> /etc/passwd; \
    echo 'agent:x:1000:' >> /etc/group; \
    mkdir -p /home/agent/work /etc/bb/trust /etc/ssl/certs; \
    chown -R 1000:1000 /home/agent
ENV HOME=/home/agent USER=agent
WORKDIR /home/agent/work
USER 1000:1000
CMD ["sleep", "infinity"]
