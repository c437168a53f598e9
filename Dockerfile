# The app on a CPU: docker build -t pix2pix-studio . && docker run --rm -p 7860:7860 pix2pix-studio
FROM python:3.11-slim-bookworm

# The address of an index with PyTorch's CPU build saves gigabytes: --build-arg PIP_EXTRA_INDEX_URL=ADDRESS
ARG PIP_EXTRA_INDEX_URL

WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY LICENSE app.py train.py ./
COPY pix2pix ./pix2pix
COPY demo ./demo

RUN useradd --create-home painter
USER painter
ENV GRADIO_SERVER_NAME=0.0.0.0
EXPOSE 7860
HEALTHCHECK --start-period=60s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/health', timeout=4)"]
CMD ["python", "app.py"]
