using System.Collections;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Mcu.Generator.Graphs;

/// <summary>An immutable array that compares by content, so that records which hold it compare by value.</summary>
[CollectionBuilder(typeof(EquatableArray), nameof(EquatableArray.Create))]
public readonly struct EquatableArray<T>(ImmutableArray<T> items) : IEquatable<EquatableArray<T>>, IReadOnlyList<T>
{
    private readonly ImmutableArray<T> items = items;

    public static EquatableArray<T> Empty => new([]);

    public int Length => Items.Length;

    public int Count => Items.Length;

    public ReadOnlySpan<T> Span => Items.AsSpan();

    private ImmutableArray<T> Items => items.IsDefault ? [] : items;

    public T this[int index] => Items[index];

    public static bool operator ==(EquatableArray<T> left, EquatableArray<T> right) => left.Equals(right);

    public static bool operator !=(EquatableArray<T> left, EquatableArray<T> right) => !left.Equals(right);

    public bool Equals(EquatableArray<T> other) => Span.SequenceEqual(other.Span);

    public override bool Equals(object? obj) => obj is EquatableArray<T> other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Length);
        foreach (T item in Items.AsSpan()[..Math.Min(Length, 16)])
        {
            hash.Add(item);
        }

        return hash.ToHashCode();
    }

    public T[] ToArray() => Span.ToArray();

    /// <summary>The items without copying; for readers only.</summary>
    internal T[] AsArray() => System.Runtime.InteropServices.ImmutableCollectionsMarshal.AsArray(Items)!;

    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)Items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => "[" + string.Join(", ", Items) + "]";
}

/// <summary>Factories for <see cref="EquatableArray{T}"/>.</summary>
public static class EquatableArray
{
    public static EquatableArray<T> Create<T>(ReadOnlySpan<T> items) => new([.. items]);

    public static EquatableArray<T> ToEquatableArray<T>(this IEnumerable<T> items) => new([.. items]);

    /// <summary>Wraps an array without copying; the caller gives the array away.</summary>
    public static EquatableArray<T> Wrap<T>(T[] items) =>
        new(System.Runtime.InteropServices.ImmutableCollectionsMarshal.AsImmutableArray(items));
}
