# One image for every process of docker-compose.yml. The builder needs pip and the network; the final
# image has neither pip's cache, nor compilers, nor a shell's user.
FROM python:3.11-slim AS builder
# Wheels only: a package that would have to be compiled stops the build. The venv holds no pip.
COPY requirements/base.txt /build/base.txt
RUN python -m venv --without-pip /opt/venv
RUN python -m pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: -r /build/base.txt

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OPENBLAS_NUM_THREADS=1 \
    CJ_DATA_DIR=/tmp/essay-judge
RUN groupadd --gid 10001 essays && useradd --uid 10001 --gid essays --no-create-home --shell /usr/sbin/nologin essays
COPY --from=builder /opt/venv /opt/venv
WORKDIR /srv/essay-judge
COPY manage.py ./
COPY cjproject cjproject
COPY llmprovider llmprovider
COPY assessment assessment
COPY deploy/__init__.py deploy/health.py deploy/
# The key signs nothing: it is gone with this line.
RUN CJ_DATA_DIR=/tmp/build DJANGO_PRODUCTION=1 DJANGO_ALLOWED_HOSTS=localhost DJANGO_SECRET_KEY=of-this-line-only python manage.py collectstatic --noinput --verbosity 0 && rm -rf /tmp/build
# A checkout under `umask 077` has files that only their owner can read.
RUN chmod -R a+rX .
USER essays
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["python", "-m", "deploy.health", "http://127.0.0.1:8000/healthz"]
CMD ["gunicorn", "-c", "python:cjproject.serving", "cjproject.wsgi"]
