"""Opens exported models with the libraries that made their formats, and says how far their scores are from ours.

python predict.py FOLDER: cases.json there is a list of { name, rows: shape of all inputs, formats }; beside it lie <name>.rows and
<name>.scores (float32, little-endian) and the models, <name>.<format>. Prints { name: { format: largest absolute difference } }.
"""
import json, os, sys

# Nothing to compile, so much sooner done.
os.environ.setdefault('KERAS_BACKEND', 'numpy')
import keras
import numpy
import onnxruntime
from safetensors import safe_open

CLASSES = {
    'dense': 'Dense', 'conv2d': 'Conv2D', 'depthwiseConv2d': 'DepthwiseConv2D', 'maxPooling2d': 'MaxPooling2D',
    'averagePooling2d': 'AveragePooling2D', 'globalAveragePooling2d': 'GlobalAveragePooling2D', 'flatten': 'Flatten',
    'reshape': 'Reshape', 'activation': 'Activation', 'dropout': 'Dropout', 'layerNormalization': 'LayerNormalization',
    'groupNormalization': 'GroupNormalization', 'embedding': 'Embedding',
}
ACTIVATIONS = {
    'swish': 'silu',
    'gelu': lambda x: keras.activations.gelu(x, approximate=False),
    'leakyRelu': lambda x: keras.activations.leaky_relu(x, negative_slope=0.2),
}


def snake(name):
    return ''.join('_' + letter.lower() if letter.isupper() else letter for letter in name)


def by_keras(file, rows):
    return keras.saving.load_model(file).predict(rows, verbose=0)


def by_onnxruntime(file, rows):
    session = onnxruntime.InferenceSession(file, providers=['CPUExecutionProvider'])
    return session.run(None, {'input': rows})[0]


def by_tensors(file, rows):
    """Layers made anew from the metadata of the file, its tensors as their weights."""
    with safe_open(file, 'numpy') as opened:
        about = opened.metadata()
        x = rows
        for part in ('adapter', 'trunk', 'head'):
            for i, spec in enumerate(json.loads(about[part])['layers']):
                (kind, arguments), = spec.items()
                known = {snake(key): value for key, value in arguments.items() if not key.endswith('Initializer')}
                if 'activation' in known:
                    known['activation'] = ACTIVATIONS.get(known['activation'], known['activation'])
                layer = getattr(keras.layers, CLASSES[kind])(**known)
                layer.build(x.shape)
                names = [f'{part}-{i}-{kind}/{name}' for name in ORDER]
                layer.set_weights([opened.get_tensor(name) for name in names if name in opened.keys()])
                x = layer(x)
    scored = {'softmax': keras.ops.softmax, 'sigmoid': keras.ops.sigmoid, 'none': lambda values: values}
    return numpy.asarray(scored[about['scores']](x))


ORDER = ['kernel', 'depthwiseKernel', 'gamma', 'embeddings', 'bias', 'beta']
OPENERS = {'keras': by_keras, 'onnx': by_onnxruntime, 'safetensors': by_tensors}

folder = sys.argv[1]
gaps = {}
for case in json.load(open(f'{folder}/cases.json')):
    file = f"{folder}/{case['name']}"
    rows = numpy.fromfile(f'{file}.rows', '<f4').reshape(case['rows'])
    ours = numpy.fromfile(f'{file}.scores', '<f4').reshape(len(rows), -1)
    gaps[case['name']] = {
        form: float(abs(OPENERS[form](f'{file}.{form}', rows).reshape(ours.shape) - ours).max())
        for form in case['formats']
    }
print(json.dumps(gaps))
