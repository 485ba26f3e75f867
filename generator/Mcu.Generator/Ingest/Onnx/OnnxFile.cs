using System.Security.Cryptography;
using Google.Protobuf;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx.Proto;

namespace Mcu.Generator.Ingest.Onnx;

/// <summary>From bytes to a parsed model whose header is one the reader knows.</summary>
internal static class OnnxFile
{
    /// <summary>Largest file read: far above what a microcontroller holds, far below memory exhaustion.</summary>
    public const long MaxBytes = 256L << 20;

    public const int MaxNodes = 10_000;

    /// <summary>ONNX Runtime's own operators.</summary>
    public const string MicrosoftDomain = "com.microsoft";

    public const int OldestOpset = 6;

    public const int NewestOpset = 21;

    public static byte[] ReadBytes(string path) => BoundedFile.Read(path, MaxBytes, "MCU0301");

    public static ModelSource Source(ReadOnlySpan<byte> bytes, string fileName) =>
        new(fileName, SourceFormat.Onnx, Convert.ToHexStringLower(SHA256.HashData(bytes)));

    /// <summary>Parses the protobuf; MCU0303 when it is damaged.</summary>
    public static ModelProto Parse(ReadOnlyMemory<byte> bytes, string fileName)
    {
        try
        {
            return ModelProto.Parser.ParseFrom(bytes.Span);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new DiagnosticException(
                "MCU0303",
                $"The file is not an ONNX model or is damaged: {e.Message}",
                fileName,
                "Copy or export the file again.");
        }
    }

    /// <summary>Checks everything outside the graph and returns the version of the default operator set.</summary>
    public static int CheckHeader(ModelProto model, string fileName)
    {
        DiagnosticException Error(string code, string message, string hint = "") => new(code, message, fileName, hint);

        if (model.Graph is null || model.Graph.Node.Count == 0)
        {
            throw Error("MCU0304", "The file holds no ONNX graph with nodes.", "Export the model again; an ONNX model file is expected.");
        }

        if (model.Functions.Count > 0 || model.TrainingInfo.Count > 0 || model.Graph.SparseInitializer.Count > 0)
        {
            string what = model.Functions.Count > 0 ? "model functions" : model.TrainingInfo.Count > 0 ? "training information" : "sparse initializers";
            throw Error("MCU0306", $"The model uses {what}, which are not supported.", "Export a plain inference graph with dense weights and inlined functions.");
        }

        if (model.Graph.Node.Count > MaxNodes)
        {
            throw Error("MCU0325", $"The graph has {model.Graph.Node.Count} nodes; at most {MaxNodes} are read.");
        }

        CheckMicrosoftOpset(model, Error);
        return DefaultOpset(model, Error);
    }

    /// <summary>The operators that are read from ONNX Runtime's own domain have been of version 1 since they exist.</summary>
    private static void CheckMicrosoftOpset(ModelProto model, Func<string, string, string, DiagnosticException> error)
    {
        long[] versions = [.. model.OpsetImport.Where(o => o.Domain == MicrosoftDomain).Select(o => o.Version).Distinct()];
        if (versions is not [1] && model.Graph.Node.Any(n => n.Domain == MicrosoftDomain))
        {
            string found = versions.Length == 0 ? "none" : string.Join(", ", versions);
            throw error("MCU0305", $"The model's version of the operator set '{MicrosoftDomain}' is {found}; 1 is expected.", "Export the model again.");
        }
    }

    private static int DefaultOpset(ModelProto model, Func<string, string, string, DiagnosticException> error)
    {
        long[] versions = [.. model.OpsetImport.Where(o => o.Domain is "" or "ai.onnx").Select(o => o.Version).Distinct()];
        if (versions is [>= OldestOpset and <= NewestOpset])
        {
            return (int)versions[0];
        }

        string found = versions.Length == 0 ? "none" : string.Join(", ", versions);
        throw error(
            "MCU0305",
            $"The model's version of the default operator set is {found}; one of {OldestOpset} to {NewestOpset} is expected.",
            "Export with opset 13.");
    }
}
