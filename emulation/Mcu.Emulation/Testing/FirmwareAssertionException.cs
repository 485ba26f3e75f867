using System.Diagnostics.CodeAnalysis;

namespace Mcu.Emulation.Testing;

/// <summary>Test frameworks take an exception that implements an interface of this name for a failed assertion.</summary>
[SuppressMessage("Design", "CA1040", Justification = "Recognised by its name.")]
public interface IAssertionException;

/// <summary>An assertion on firmware failed; the message begins with the diagnostic's code.</summary>
public sealed class FirmwareAssertionException(string code, string message) : Exception($"{code}: {message}"), IAssertionException
{
    /// <summary>MCU1120 to MCU1123.</summary>
    public string Code { get; } = code;
}
