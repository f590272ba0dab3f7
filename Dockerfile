# The service alone. Training needs TensorFlow, 2 GB that answering does without: train elsewhere.
#
#   docker build -t sentiment .
#   docker run --rm -p 127.0.0.1:8000:8000 sentiment --allow-host localhost
#   docker run --rm -p 127.0.0.1:8000:8000 -v ./mine.safetensors:/model.safetensors:ro sentiment \
#       -m /model.safetensors --allow-host reviews.example.com

FROM python:3.12-slim AS build
WORKDIR /source
RUN python -m venv /opt/sentiment
COPY pyproject.toml .ci/serving.py ./
RUN python serving.py > needed.txt \
 && /opt/sentiment/bin/pip install --no-cache-dir --disable-pip-version-check -r needed.txt
COPY README.md LICENSE hatch_build.py ./
COPY data data
COPY sentiment sentiment
RUN /opt/sentiment/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps . \
 && /opt/sentiment/bin/pip uninstall --yes --quiet pip

FROM python:3.12-slim
COPY --from=build /opt/sentiment /opt/sentiment
ENV PATH=/opt/sentiment/bin:$PATH PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin sentiment
USER 10001
WORKDIR /
EXPOSE 8000
# Not by urllib, which would ask the proxies that Docker hands on to containers. Another port: -p.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["python", "-c", \
 "from http.client import HTTPConnection as C; c = C('127.0.0.1', 8000, timeout=4); c.request('GET', '/health'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["sentiment", "serve", "--host", "0.0.0.0"]
