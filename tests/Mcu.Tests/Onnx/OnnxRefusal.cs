using Mcu.Generator.Diagnostics;

namespace Mcu.Tests.Onnx;

internal static class OnnxRefusal
{
    /// <summary>Reads the model and expects the code of the diagnostic.</summary>
    public static Diagnostic Refused(this OnnxModelBuilder model, string code)
    {
        Diagnostic diagnostic = Assert.Throws<DiagnosticException>(() => model.Read()).Diagnostic;
        Assert.Equal(code, diagnostic.Code);
        return diagnostic;
    }
}
