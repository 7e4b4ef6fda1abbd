#pragma once

#include <string>
#include <string_view>

#include "tensor/tensor_file.h"

namespace seglab {

/// Reads the weights of a Caffe network: a NetParameter message in protobuf's wire format, with
/// layers of today's kind (LayerParameter), of 2014 (V1LayerParameter) or 2013 (V0LayerParameter).
///
/// Blob 0 of a layer becomes "<layer>.weight", blob 1 "<layer>.bias", further ones "<layer>.blob2"
/// and so on, whatever they mean. The three blobs of a BatchNorm layer are sums of means and of
/// variances and their factor: they become "<layer>.running_mean" and "<layer>.running_var",
/// divided; weight and bias of the normalisation are those of the Scale layer behind it. Metadata:
/// "name" of the network, "<layer>.type" of every layer with blobs. Shapes are Caffe's own; of old
/// files, whose blobs always have four sides, biases become (N) and weights of inner products
/// (outputs, inputs).
///
/// Data is mapped as in ReadPth; protobuf aligns nothing, so most tensors are copies.
///
/// The wire format is decoded here, not with libprotobuf: seven fields of the schema are needed,
/// which a reader of tags and lengths gets by with, the data stays in the mapped file, no schema
/// has to be copied from Caffe, and the build of PyTorch's wheels exports symbols of a protobuf of
/// its own that clash with another version in one program.
/// @throws Error naming the file on anything that does not fit
TensorFile ReadCaffemodel(const std::string& path);

/// Whether the bytes begin as a NetParameter does. The format has no signature: other protobuf
/// messages may pass, and are found out by ReadCaffemodel.
bool MayBeCaffemodel(std::string_view bytes);

}  // namespace seglab
