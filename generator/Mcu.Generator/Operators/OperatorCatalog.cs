using System.Collections.Frozen;

namespace Mcu.Generator.Operators;

/// <summary>Every operator room, one line each.</summary>
public static class OperatorCatalog
{
    public static IReadOnlyList<OperatorRoom> Rooms { get; } =
    [
    ];

    private static readonly FrozenDictionary<Type, OperatorRoom> ByType = Rooms.ToFrozenDictionary(r => r.OperatorType);

    public static OperatorRoom RoomOf(Operator op) => ByType[op.GetType()];
}
