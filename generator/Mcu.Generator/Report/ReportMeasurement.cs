using System.Text.Json.Serialization;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Report;

/// <summary>What emulated firmware of the base alone took.</summary>
/// <param name="On">Where it ran, such as <c>qemu:cortex-m4</c>.</param>
/// <param name="Instructions">Of one inference; null where the machine does not count them.</param>
/// <param name="StackBytes">Most stack of one inference.</param>
/// <param name="CodeBytes">Kernels, calls and their parameters; no constants of layers.</param>
/// <param name="Adapters">In the order of the adapters, each alone with the base in a firmware of its own.</param>
public sealed record ReportMeasurement(
    string On, long? Instructions, int? StackBytes, int? CodeBytes,
    [property: JsonConverter(typeof(EquatableArrayConverter<AdapterMeasurement>))] EquatableArray<AdapterMeasurement> Adapters);

/// <summary>What a firmware with one adapter, selected, took over the base's.</summary>
/// <param name="Index">Of the adapter, from 1.</param>
/// <param name="ExtraInstructions">Of one inference; null where the machine does not count them.</param>
public sealed record AdapterMeasurement(int Index, long? ExtraInstructions, int ExtraStackBytes, int ExtraCodeBytes);
