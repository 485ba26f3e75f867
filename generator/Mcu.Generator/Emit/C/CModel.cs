namespace Mcu.Generator.Emit.C;

/// <summary>Finished values that the C templates print; member names become snake case in the templates.</summary>
public sealed record CModel
{
    public required string Prefix { get; init; }

    public required string Macro { get; init; }

    public required string Banner { get; init; }

    public required int RuntimeVersion { get; init; }

    public required int ArenaBytes { get; init; }

    public required int ArenaAlignment { get; init; }

    public required int WeightBytes { get; init; }

    public required int AdapterBytes { get; init; }

    public required string PlanProof { get; init; }

    public required CPort Input { get; init; }

    public required CPort Output { get; init; }

    public required IReadOnlyList<string> KernelHeaders { get; init; }

    public required IReadOnlyList<CLayer> Layers { get; init; }

    public required IReadOnlyList<CAdapter> Adapters { get; init; }

    /// <summary>Rows of the adapter table: per selectable index the layer constants of each adapted layer.</summary>
    public required IReadOnlyList<CAdapterRow> AdapterTable { get; init; }

    public required int AdaptedLayers { get; init; }

    /// <summary>Declarations of the constant arrays of the base and of adapters.</summary>
    public required IReadOnlyList<string> Declarations { get; init; }

    /// <summary>What the firmware needs to take delta images; null where it takes none.</summary>
    public CDelta? Delta { get; init; }

    public required IReadOnlyList<string> Sources { get; init; }

    /// <summary>Adapters that are networks of their own.</summary>
    public required IReadOnlyList<CAdapterProgram> Programs { get; init; }

    /// <summary>Where input and output lie for each selectable index; empty where no adapter is a network of its own.</summary>
    public required IReadOnlyList<CPorts> Ports { get; init; }

    /// <summary>Layers of the longest network.</summary>
    public required int LayerCount { get; init; }

    /// <summary>The values under the names that the templates use.</summary>
    public IReadOnlyDictionary<string, object?> Variables() => new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["prefix"] = Prefix,
        ["macro"] = Macro,
        ["banner"] = Banner,
        ["runtime_version"] = RuntimeVersion,
        ["arena_bytes"] = ArenaBytes,
        ["arena_alignment"] = ArenaAlignment,
        ["weight_bytes"] = WeightBytes,
        ["adapter_bytes"] = AdapterBytes,
        ["plan_proof"] = PlanProof,
        ["input"] = Input,
        ["output"] = Output,
        ["kernel_headers"] = KernelHeaders,
        ["layers"] = Layers,
        ["adapters"] = Adapters,
        ["adapter_table"] = AdapterTable,
        ["adapted_layers"] = AdaptedLayers,
        ["declarations"] = Declarations,
        ["delta"] = Delta,
        ["sources"] = Sources,
        ["programs"] = Programs,
        ["ports"] = Ports,
        ["layer_count"] = LayerCount,
    };
}

public sealed record CPort(string Shape, int Length, string Scale, int ZeroPoint, int Offset);

/// <summary>The network of an adapter that adds nodes.</summary>
/// <param name="Index">Index of the adapter.</param>
/// <param name="Name">Name of the adapter for a comment.</param>
/// <param name="Function">Runs it.</param>
public sealed record CAdapterProgram(int Index, string Name, string Function, string File, IReadOnlyList<string> KernelHeaders, IReadOnlyList<CLayer> Layers);

/// <summary>Offsets of input and output in the arena.</summary>
public sealed record CPorts(int Input, int Output, string Comment);

public sealed record CLayer
{
    public required int Index { get; init; }

    public required string Comment { get; init; }

    public required string Function { get; init; }

    public required string ParameterType { get; init; }

    public required string ParameterName { get; init; }

    public required IReadOnlyList<string> Parameters { get; init; }

    /// <summary>Initialiser of the base's <c>mcu_linear</c>, or empty.</summary>
    public required string Linear { get; init; }

    public required string LinearName { get; init; }

    /// <summary>Definitions that the linear constants point to (low-rank and sparse terms), or empty.</summary>
    public required string LinearParts { get; init; }

    /// <summary>Arguments of the call.</summary>
    public required string Arguments { get; init; }
}

/// <summary>A selectable adapter.</summary>
public sealed record CAdapter(int Index, string Name, string Macro, string Comment, string File);

public sealed record CAdapterRow(string Comment, IReadOnlyList<string> Pointers);
