"""Points of the integer lattice inside a convex hull of lattice points, exactly.

Everything is integer arithmetic, so a point on the hull's boundary is inside, always.

Strategy, 2D. The candidates come as rows (first and last x of each row), so the hull is two
monotone chains, and the lattice points in it follow from its corners alone: Pick's theorem,
``area + boundary/2 + 1``. No pixel is looked at.

Strategy, 3D. Each plane z is first reduced to its own 2D hull; the corners of these go into
quickhull (Barber, Dobkin, Huhdanpaa 1996: a point replaces the triangles it can see; a point
in the plane of a triangle does not see it). Pick's theorem has no like in 3D, so the voxels
are counted by columns along x: every lattice line (z, y) enters through one lower and leaves
through one upper triangle, and each triangle is drawn only over its own shadow on (z, y).
Flat sets of voxels have a planar hull, counted in their plane.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

_NONE = -1


@njit(cache=True)
def _greatest_common_divisor(a: int, b: int) -> int:
    a, b = abs(a), abs(b)
    while b:
        a, b = b, a % b
    return a


@njit(cache=True)
def chain_corners(
    y: NDArray[np.integer], x: NDArray[np.integer], side: int, corners: NDArray[np.int64]
) -> int:
    """Corners of one side of the hull of points with ascending y, one point a row.

    `side` is -1 for the side of small x, +1 for that of large x. Positions of the corners in
    `y` and `x` are written to `corners`; their number is returned.
    """
    count = 0
    for i in range(y.size):
        while count >= 2:
            a, b = corners[count - 2], corners[count - 1]
            turn = (int(y[b]) - y[a]) * (int(x[i]) - x[a]) - (int(x[b]) - x[a]) * (int(y[i]) - y[a])
            # The middle point stays only where the chain bends outwards.
            if side * turn < 0:
                break
            count -= 1
        corners[count] = i
        count += 1
    return count


@njit(cache=True)
def lattice_points_2d(y: NDArray[np.int32], first: NDArray[np.int32], last: NDArray[np.int32]) -> int:
    """Pixels whose centre lies in the hull of the given rows; 0 when all lie on one line.

    Parameters
    ----------
    y : int32 array (n,), strictly ascending
    first, last : int32 arrays (n,)
        First and last x of each row.
    """
    n = y.size
    corners = np.empty(n, np.int64)
    twice_area = 0
    boundary = int(last[0]) - int(first[0]) + int(last[n - 1]) - int(first[n - 1])
    for side in (-1, 1):
        x = first if side < 0 else last
        count = chain_corners(y, x, side, corners)
        for c in range(1, count):
            a, b = corners[c - 1], corners[c]
            height = int(y[b]) - y[a]
            # Trapezoids between the chain and x = 0: right side minus left side.
            twice_area += side * height * (int(x[a]) + x[b])
            boundary += _greatest_common_divisor(height, int(x[b]) - x[a])
    if twice_area == 0:
        return 0
    return int((twice_area + boundary + 2) // 2)


@njit(cache=True)
def _shadow_span(
    z: int, az: int, ay: int, bz: int, by: int, cz: int, cy: int, orientation: int
) -> tuple[int, int]:
    """First and last y of a triangle's shadow in lattice row z (last < first: none)."""
    low, high = min(ay, by, cy), max(ay, by, cy)
    for edge in range(3):
        if edge == 0:
            pz, py, qz, qy = az, ay, bz, by
        elif edge == 1:
            pz, py, qz, qy = bz, by, cz, cy
        else:
            pz, py, qz, qy = cz, cy, az, ay
        # Inside: orientation · ((qz - pz)(y - py) - (qy - py)(z - pz)) ≥ 0, linear in y.
        slope = orientation * (qz - pz)
        bound = orientation * ((qy - py) * (z - pz) + (qz - pz) * py)
        if slope > 0:
            low = max(low, -(-bound // slope))
        elif slope < 0:
            high = min(high, -bound // -slope)
        elif bound > 0:
            return 0, -1
    return low, high


@njit(cache=True)
def _normal(points: NDArray[np.int64], o: int, a: int, b: int, normal: NDArray[np.int64]) -> None:
    """Write the cross product (a - o) × (b - o) of three points into `normal`."""
    uz, uy, ux = points[a, 0] - points[o, 0], points[a, 1] - points[o, 1], points[a, 2] - points[o, 2]
    vz, vy, vx = points[b, 0] - points[o, 0], points[b, 1] - points[o, 1], points[b, 2] - points[o, 2]
    normal[0] = uy * vx - ux * vy
    normal[1] = ux * vz - uz * vx
    normal[2] = uz * vy - uy * vz


@njit(cache=True)
def _height_above(normal: NDArray[np.int64], points: NDArray[np.int64], o: int, p: int) -> int:
    """Height of point p above the plane through point o, in units of the normal's length."""
    height = 0
    for k in range(3):
        height += normal[k] * (points[p, k] - points[o, k])
    return int(height)


@njit(cache=True)
def _spread_simplex(points: NDArray[np.int64]) -> tuple[int, NDArray[np.int64], NDArray[np.int64]]:
    """Dimension of the point set, up to four points that span it, and the normal of the first three."""
    corners = np.zeros(4, np.int64)
    normal = np.zeros(3, np.int64)
    trial = np.zeros(3, np.int64)
    farthest = 0
    for p in range(1, len(points)):
        step = 0
        for k in range(3):
            step += abs(points[p, k] - points[0, k])
        if step > farthest:
            farthest, corners[1] = step, p
    if farthest == 0:
        return 0, corners, normal
    widest = 0
    for p in range(1, len(points)):
        _normal(points, 0, corners[1], p, trial)
        width = abs(trial[0]) + abs(trial[1]) + abs(trial[2])
        if width > widest:
            widest, corners[2] = width, p
            normal[:] = trial
    if widest == 0:
        return 1, corners, normal
    highest = 0
    for p in range(1, len(points)):
        height = abs(_height_above(normal, points, 0, p))
        if height > highest:
            highest, corners[3] = height, p
    return (2 if highest == 0 else 3), corners, normal


@njit(cache=True)
def _hang(
    p: int,
    begin: int,
    end: int,
    points: NDArray[np.int64],
    corner: NDArray[np.int64],
    normal: NDArray[np.int64],
    hung: NDArray[np.int64],
    behind: NDArray[np.int64],
) -> None:
    """Hang point p on the first triangle of begin…end that it can see; on none when it is inside."""
    for f in range(begin, end):
        if _height_above(normal[f], points, corner[f, 0], p) > 0:
            behind[p] = hung[f]
            hung[f] = p
            return


@njit(cache=True)
def hull_triangles(
    points: NDArray[np.int64], simplex: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Triangles of the convex hull and their outward normals, both (n, 3).

    Parameters
    ----------
    points : int64 array (m, 3)
    simplex : int64 array (4,)
        Four points that do not lie in one plane.
    """
    m = len(points)
    corner = np.empty((64, 3), np.int64)
    normal = np.empty((64, 3), np.int64)
    count = 0
    for left_out in range(4):
        a, b, c = simplex[(left_out + 1) % 4], simplex[(left_out + 2) % 4], simplex[(left_out + 3) % 4]
        _normal(points, a, b, c, normal[count])
        if _height_above(normal[count], points, a, simplex[left_out]) > 0:
            b, c = c, b
            normal[count] = -normal[count]
        corner[count, 0], corner[count, 1], corner[count, 2] = a, b, c
        count += 1
    # Every point that is still outside hangs on one triangle it can see: `hung` is the first
    # of a triangle, `behind` the next of a point. Inner points fall off early and are never
    # looked at again.
    behind = np.full(m, _NONE, np.int64)
    hung = np.full(64, _NONE, np.int64)
    for p in range(m):
        _hang(p, 0, count, points, corner, normal, hung, behind)
    seen = np.empty(64, np.int64)
    edge = np.empty((192, 2), np.int64)
    f = 0
    while f < count:
        if hung[f] == _NONE:
            f += 1
            continue
        # The farthest point above a triangle is a corner of the hull.
        top, p = 0, hung[f]
        q = hung[f]
        while q != _NONE:
            height = _height_above(normal[f], points, corner[f, 0], q)
            if height > top:
                top, p = height, q
            q = behind[q]
        n_seen = 0
        for g in range(count):
            if _height_above(normal[g], points, corner[g, 0], p) > 0:
                if n_seen == seen.size:
                    seen = np.concatenate((seen, np.empty_like(seen)))
                seen[n_seen] = g
                n_seen += 1
        if len(edge) < 3 * n_seen:
            edge = np.empty((6 * n_seen, 2), np.int64)
        loose = _NONE
        # Seen triangles go, from the back, so the numbers of those before stay valid.
        for s in range(n_seen - 1, -1, -1):
            g = seen[s]
            for k in range(3):
                edge[3 * s + k, 0] = corner[g, k]
                edge[3 * s + k, 1] = corner[g, (k + 1) % 3]
            q = hung[g]
            while q != _NONE:
                following = behind[q]
                behind[q] = loose
                loose = q
                q = following
            count -= 1
            corner[g] = corner[count]
            normal[g] = normal[count]
            hung[g] = hung[count]
        kept = count
        # The horizon: edges of seen triangles whose other side is not seen.
        for e in range(3 * n_seen):
            inner = False
            for other in range(3 * n_seen):
                if edge[other, 0] == edge[e, 1] and edge[other, 1] == edge[e, 0]:
                    inner = True
                    break
            if inner:
                continue
            if count == len(corner):
                corner = np.concatenate((corner, np.empty_like(corner)))
                normal = np.concatenate((normal, np.empty_like(normal)))
                hung = np.concatenate((hung, np.empty_like(hung)))
            corner[count, 0], corner[count, 1], corner[count, 2] = edge[e, 0], edge[e, 1], p
            _normal(points, edge[e, 0], edge[e, 1], p, normal[count])
            hung[count] = _NONE
            count += 1
        while loose != _NONE:
            following = behind[loose]
            _hang(loose, kept, count, points, corner, normal, hung, behind)
            loose = following
        f = min(f, seen[0])
    return corner[:count], normal[:count]


@njit(cache=True)
def _count_columns(
    points: NDArray[np.int64], corner: NDArray[np.int64], normal: NDArray[np.int64], nz: int, ny: int
) -> int:
    """Lattice points between the lower and the upper triangles, column by column along x."""
    lower = np.zeros((nz, ny), np.int64)
    upper = np.full((nz, ny), -1, np.int64)
    for f in range(len(corner)):
        facing = normal[f, 2]
        if facing == 0:
            continue
        a, b, c = corner[f]
        az, ay, bz, by, cz, cy = (
            points[a, 0],
            points[a, 1],
            points[b, 0],
            points[b, 1],
            points[c, 0],
            points[c, 1],
        )
        orientation = 1 if facing > 0 else -1
        level = normal[f, 0] * az + normal[f, 1] * ay + facing * points[a, 2]
        for z in range(min(az, bz, cz), max(az, bz, cz) + 1):
            low, high = _shadow_span(z, az, ay, bz, by, cz, cy, orientation)
            for y in range(low, high + 1):
                rest = level - normal[f, 0] * z - normal[f, 1] * y
                if facing > 0:
                    upper[z, y] = rest // facing
                else:
                    lower[z, y] = -(rest // -facing)
    count = 0
    for z in range(nz):
        for y in range(ny):
            count += max(0, upper[z, y] - lower[z, y] + 1)
    return count


@njit(cache=True)
def _count_in_plane(points: NDArray[np.int64], normal: NDArray[np.int64]) -> int:
    """Lattice points in the planar hull of points that lie in one plane.

    The plane is looked at along the axis it is steepest to, where it covers each (u, v) once;
    a lattice point (u, v) counts when the plane meets it at a whole number.
    """
    axis = np.argmax(np.abs(normal))
    u_axis, v_axis = (axis + 1) % 3, (axis + 2) % 3
    offset = points[:, u_axis].min()
    span = points[:, u_axis].max() - offset + 1
    first = np.full(span, np.iinfo(np.int64).max, np.int64)
    last = np.full(span, np.iinfo(np.int64).min, np.int64)
    for p in range(len(points)):
        u = points[p, u_axis] - offset
        first[u] = min(first[u], points[p, v_axis])
        last[u] = max(last[u], points[p, v_axis])
    rows = np.flatnonzero(first <= last)
    left, right = np.empty(span, np.int64), np.empty(span, np.int64)
    corners = np.empty(rows.size, np.int64)
    for side in (-1, 1):
        x = first[rows] if side < 0 else last[rows]
        n = chain_corners(rows, x, side, corners)
        for c in range(n - 1):
            a, b = corners[c], corners[c + 1]
            for u in range(rows[a], rows[b] + 1):
                rise = (x[b] - x[a]) * (u - rows[a])
                run = rows[b] - rows[a]
                if side < 0:
                    left[u] = x[a] - (-rise // run)
                else:
                    right[u] = x[a] + rise // run
    level = 0
    for k in range(3):
        level += normal[k] * points[0, k]
    count = 0
    for u in range(span):
        for v in range(left[u], right[u] + 1):
            if (level - normal[u_axis] * (u + offset) - normal[v_axis] * v) % normal[axis] == 0:
                count += 1
    return count


@njit(cache=True)
def lattice_points_3d(
    row: NDArray[np.int32], first: NDArray[np.int32], last: NDArray[np.int32], ny: int
) -> int:
    """Voxels whose centre lies in the hull of the given rows; 0 when all lie on one line.

    Parameters
    ----------
    row : int32 array (n,), strictly ascending
        ``z · ny + y`` of each row.
    first, last : int32 arrays (n,)
        First and last x of each row.
    ny : int
        Rows in one plane z.
    """
    n = row.size
    y = row % ny
    base_z, base_y = row[0] // ny, y.min()
    points = np.empty((2 * n, 3), np.int64)
    corners = np.empty(n, np.int64)
    m = 0
    begin = 0
    while begin < n:
        z = row[begin] // ny
        end = begin
        while end < n and row[end] // ny == z:
            end += 1
        for side in (-1, 1):
            x = first[begin:end] if side < 0 else last[begin:end]
            for c in corners[: chain_corners(y[begin:end], x, side, corners)]:
                points[m, 0], points[m, 1], points[m, 2] = z - base_z, y[begin + c] - base_y, x[c]
                m += 1
        begin = end
    points = points[:m]
    dimension, simplex, normal = _spread_simplex(points)
    if dimension < 2:
        return 0
    if dimension == 2:
        return _count_in_plane(points, normal)
    corner, normals = hull_triangles(points, simplex)
    return _count_columns(points, corner, normals, points[m - 1, 0] + 1, y.max() - base_y + 1)
