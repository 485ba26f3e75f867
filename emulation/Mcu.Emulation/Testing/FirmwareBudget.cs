using System.Text.Json;
using System.Text.Json.Serialization;
using Mcu.Generator.Diagnostics;

namespace Mcu.Emulation.Testing;

/// <summary>What a network may use; a null is not limited.</summary>
/// <param name="Instructions">Of the most expensive sample.</param>
/// <param name="Stack">Bytes of stack of one run.</param>
/// <param name="Ram">Bytes of arena, data and stack.</param>
/// <param name="Flash">Bytes of code, weights and adapters.</param>
public sealed record FirmwareBudget(long? Instructions, int? Stack, int? Ram, int? Flash)
{
    /// <summary>Reads a budget file; MCU1123 when there is none or it has other keys.</summary>
    public static FirmwareBudget Load(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(file), BudgetJson.Default.FirmwareBudget)
                ?? throw new JsonException("it is null");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new DiagnosticException("MCU1123", "The budget cannot be read: " + failure.Message, file, "Set MCU_UPDATE_GOLDEN=1 to write it from a run.");
        }
    }

    public void Save(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        File.WriteAllText(file, JsonSerializer.Serialize(this, BudgetJson.Default.FirmwareBudget) + "\n");
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(FirmwareBudget))]
internal sealed partial class BudgetJson : JsonSerializerContext;
